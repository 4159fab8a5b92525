/* SPDX-License-Identifier: MIT */
/*
 * Goal: each kind of secret is found where it stands, whole and by its own name, and what only
 * looks like one is not. Method: a table of real shapes with what stands around them, the
 * shapes once more with a character too few, and a table of what transcripts are full of.
 */
#include "lib/runner.h"
#include "redact_fixture.h"

struct sample {
	const char *kind;
	const char *before;
	const char *secret;
	const char *after;
	bool is_exact; /* with one character less it is none */
};

#define HEX_32             \
	"0a1b2c3d4e5f6071" \
	"8293a4b5c6d7e8f9"
#define JWT_HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."

static const struct sample samples[] = {
	{ "aws-access-key-id", "id: ", AWS_ID, "\n", true },
	{ "aws-access-key-id", "export X=",
	  "ASIA"
	  "Q4X7PLMN2RSTUVWZ",
	  "", true },
	{ "aws-secret-key", "aws_secret_access_key = ",
	  "8dKq2mZ9vT/R4wXyA1sN"
	  "cB7uGhJ0pL+E5iQkYtMr",
	  "\n", false },
	{ "aws-secret-key", "the AWS one is `",
	  "8dKq2mZ9vTfR4wXyA1sN"
	  "cB7uGhJ0pLoE5iQkYtMr",
	  "`", false },
	{ "github-token", "token ", GITHUB, ".", true },
	{ "github-token", "(",
	  "gho_"
	  "16C7e42F292c6912E7710c838347Ae178B4a",
	  ")", true },
	{ "github-token", "x-",
	  "ghu_"
	  "16C7e42F292c6912E7710c838347Ae178B4a",
	  "\"", true },
	{ "github-token", "",
	  "ghs_"
	  "16C7e42F292c6912E7710c838347Ae178B4a",
	  "@github.com", true },
	{ "github-token", "",
	  "ghr_"
	  "16C7e42F292c6912E7710c838347Ae178B4a",
	  "", true },
	{ "github-token", "",
	  "github_pat_"
	  "11ABCDEFG0a1b2c3d4e5f6_mnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXY",
	  "", false },
	{ "gitlab-token", "PRIVATE-TOKEN: ",
	  "glpat-"
	  "abcDEF123456ghiJKL78",
	  "", true },
	{ "gitlab-token", "",
	  "glrt-"
	  "abcDEF123456ghiJKL78",
	  " ", true },
	{ "anthropic-key", "ANTHROPIC_API_KEY=",
	  "sk-ant-"
	  "api03-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1fG3hI5jK7lM9nO1pQ3r-AA",
	  "\n", false },
	{ "openai-key", "",
	  "sk-"
	  "aB3dE5fG7hI9jK1lM3nOT3BlbkFJ5pQ7rS9tU1vW3xY5zA7b",
	  "", false },
	{ "openai-key", "",
	  "sk-proj-"
	  "abc123DEF456ghi789JKL012mno345PQR678stu901VWX234",
	  "", false },
	{ "openai-key", "",
	  "sk-svcacct-"
	  "abc123DEF456ghi789JKL012mno345PQR678stu901VWX",
	  "", false },
	{ "google-api-key", "?key=",
	  "AIza"
	  "SyD-1a2b3c4d5e6f7g8h9i0j1k2l3m4n5o6",
	  "&x=1", true },
	{ "google-oauth-token", "",
	  "ya29."
	  "a0AfH6SMBx1234567890abcdefghijklmnop",
	  "", false },
	{ "google-oauth-secret", "",
	  "GOCSPX-"
	  "1a2B3c4D5e6F7g8H9i0J1k2L3m4N",
	  "", false },
	{ "slack-token", "",
	  "xoxb-"
	  "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
	  "", false },
	{ "slack-token", "",
	  "xoxp-"
	  "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
	  "", false },
	{ "slack-token", "",
	  "xapp-"
	  "1-A0123456789-1234567890123-0123456789abcdef",
	  "", false },
	{ "slack-webhook", "https://hooks.slack.com/services/",
	  "T01234567/"
	  "B01234567/abcdEFGH1234ijklMNOP5678",
	  "\n", false },
	{ "stripe-key", "",
	  "sk_live_"
	  "4eC39HqLyjWDarjtT1zdp7dc",
	  "", false },
	{ "stripe-key", "",
	  "rk_live_"
	  "4eC39HqLyjWDarjtT1zdp7dc",
	  "", false },
	{ "stripe-key", "",
	  "whsec_"
	  "4eC39HqLyjWDarjtT1zdp7dc12345678",
	  "", false },
	{ "npm-token", "//registry.npmjs.org/:_authToken=",
	  "npm_"
	  "a1b2c3d4e5f6g7h8i9j0A1B2C3D4E5F6G7H8",
	  "\n", false },
	{ "pypi-token", "",
	  "pypi-AgE"
	  "IcHlwaS5vcmcCJDEyMzQ1Njc4LTEyMzQtMTIzNC0xMjM0LTEyMzQ1Njc4OTAx",
	  "", false },
	{ "huggingface-token", "",
	  "hf_"
	  "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
	  "", false },
	{ "digitalocean-token", "", "dop_v1_" HEX_32 HEX_32, "", true },
	{ "sendgrid-key", "",
	  "SG."
	  "a1b2c3d4e5f6g7h8i9j0kl.A1B2C3D4E5F6G7H8I9J0a1b2c3d4e5f6g7h8i9j0k1l",
	  "", false },
	{ "twilio-key", "", "SK" HEX_32, "", true },
	{ "telegram-token", "",
	  "123456789:"
	  "AAa1b2c3d4e5f6g7h8i9j0A1B2C3D4E5F6G",
	  "", true },
	{ "discord-token", "",
	  "MTAxMjM0NTY3ODkwMTIzNDU2"
	  ".GaBcDe.aBcDeFgHiJkLm0oPqRsTuVwXyZ0123",
	  "", false },
	{ "shopify-token", "", "shpat_" HEX_32, "", true },
	{ "azure-storage-key", "AccountName=a;AccountKey=",
	  "Qby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu"
	  "Fq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
	  ";EndpointSuffix=core", false },
	{ "jwt", "",
	  JWT_HEAD "eyJzdWIiOiIxMjM0NTY3ODkwIn0"
		   ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9Pl",
	  "", false },
	{ "bearer-token", "Authorization: Bearer ", "a1b2c3d4e5f6g7h8i9j0", "\n", false },
	{ "basic-auth", "Authorization: Basic ", "YWRtaW46aHVudGVyMg==", "\n", false },
	{ "url-password", "postgres://admin:", "s3cr3t+pw", "@db.host:5432/x", false },
	{ "url-password", "https:\\/\\/u:", "hunter2", "@h", false },
	{ "password", "password = \"", "hunter2", "\"\n", false },
	{ "password", "DB_PASSWORD=", "hunter2", "\n", false },
	{ "password", "MYSQL_ROOT_PASSWORD=", "letmeinplease", "\n", false },
	{ "password", "password: ", "hunter2", "\n", false },
	{ "password", "{\"password\": \"", "correcthorse", "\"}", false },
	{ "password", "config['db_pass'] = '", "P@ssw0rd!", "'", false },
	{ "password", "const password: string = \"", "hunter22", "\";", false },
	{ "password", "Server=x;User Id=sa;Password=", "P@ssw0rd!", ";Encrypt=yes", false },
	{ "password", "password='", "a\\'b1c2", "'", false },
	{ "password", "mysql --password ", "hunter2x", " -u root", false },
	{ "secret", "\\\"api_key\\\": \\\"", "a1b2c3d4e5f6a7b8", "\\\"", false },
	{ "secret", "client_secret=", "9f8e7d6c5b4a39281706", "&x", false },
	{ "secret", "X-Api-Key: ", "9f8e7d6c5b4a39281706", "\r\n", false },
	{ "secret", "signingKey := \"", "9f8e7d6c5b4a3928", "\"", false },
	{ "secret", "license_key=", "zB3kQ9vX2mN7pL4wR8tY1", "\n", false },
	{ "age-key", "",
	  "AGE-SECRET-KEY-1"
	  "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE",
	  "", true },
	{ "high-entropy", "it is ", RANDOM_32, "\n", false },
	{ "high-entropy", "x = f('", "zB3kQ9vX2m/7pL4wR8tY1uI6oA5+D0fG7hJ9kLqWxEc=", "')", false },
};

static void expect_sample(struct redactor *redactor, const struct sample *sample, bool is_there)
{
	struct redact_hit hit = { NULL, 0, 0 };
	char text[1000];
	int rc;

	(void)snprintf(text, sizeof text, "%s%.*s%s", sample->before,
		       (int)(strlen(sample->secret) - !is_there), sample->secret, sample->after);
	rc = redact_find(redactor, slice(text), 0, &hit);
	if (!is_there) { /* it may still look random */
		ck_assert_msg(rc != HF_OK || strcmp(hit.kind, "high-entropy") == 0, "%s", text);
		return;
	}
	ck_assert_msg(rc == HF_OK, "%s: %s", sample->kind, text);
	ck_assert_msg(strcmp(hit.kind, sample->kind) == 0, "%s: %s", hit.kind, text);
	ck_assert_msg(hit.offset == strlen(sample->before) && hit.size == strlen(sample->secret),
		      "%zu+%zu: %s", hit.offset, hit.size, text);
	ck_assert_int_eq(redact_find(redactor, slice(text), hit.offset + hit.size, &hit),
			 HF_ERR_NOTFOUND);
}

START_TEST(each_kind_is_found_whole_and_by_its_name)
{
	struct redactor *redactor = redactor_with(NULL, 0);

	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		expect_sample(redactor, &samples[i], true);
	redactor_free(redactor);
}
END_TEST

START_TEST(a_key_of_fixed_size_that_is_too_short_is_none)
{
	struct redactor *redactor = redactor_with(NULL, 0);
	struct sample sample;

	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		sample = samples[i];
		/* Alone: its name would make it a secret of another kind. */
		sample.before = sample.after = "";
		if (sample.is_exact)
			expect_sample(redactor, &sample, false);
	}
	redactor_free(redactor);
}
END_TEST

/* Without the name before it: nothing. */
static const char *const harmless[] = {
	"",
	"AKIAIOSFODNN7EXAMPLE",
	"xAKIAQ4X7PLMN2RSTUVWZ",
	"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	"ghp_abcdefghijklmnopqrstuvwxyz1234567890_more",
	"the sk-learn-feature-extraction-module-name is here",
	"int hf_session_append(struct hf_session *session);",
	"npm_config_registry_is_a_long_name_indeed",
	"password = os.environ[\"X\"]",
	"password: string",
	"password: Optional[str] = None",
	"password: \"your-password-here\"",
	"password = \"****\"",
	"password = \"changeme\"",
	"password = \"Enter the password 1 more time\"",
	"PASSWORD=${DB_PASSWORD1}",
	"PASSWORD=$(cat /run/secrets/db1)",
	"password = get_password(2)",
	"connect(password=password2(x))",
	"password = settings.DB_PASSWORD",
	"password=REDACTED_BY_TOOL_1",
	"token = request.headers.get(\"x1\")",
	"token: Uint8Array",
	"password_hash = bcrypt2(password)",
	"if (password == null) return 1;",
	"max_tokens: 102400",
	"next_page_token: \"CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA\"",
	"tokenizer: \"cl100k_base\"",
	"\"token\":\"session\"",
	"secret: \"my-secret-1\"",
	"token::kind2",
	"secret_file = \"/etc/app2/secret3\"",
	"type=\"password\" name=\"pwd\"",
	"public_key = zB3kQ9vX2mN7pL4wR8tY1uI6oA5sD0fG",
	"the secret: it is simple",
	"key: \"value1234\"",
	"[redacted:password]: hunter2",
	"password=[redacted:password]",
	"550e8400-e29b-41d4-a716-446655440000",
	"0195D3A0-1111-4222-8333-444455556661",
	"commit 356a192b7913b04c54574d18c28d46e6395428ab",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"/home/user/project/src/components/Button/index2.tsx",
	"node_modules/@babel/helper-module-imports/lib/import-injector2.js",
	"getElementByIdAndThenSomethingElse2WithMore",
	"#define TLS1_RFC_DH_anon_WITH_ARIA_256_GCM_SHA384",
	"ETHTOOL_LINK_MODE_10baseT1L_Full_BIT = 92,",
	"claude-sonnet-4-5-20250929-v1-0-and-so-on-2",
	"{\"n\":3,\"mac\":\"nOqR4c1jRzS0V2xXoYtq6L8a9bC0dE1fG2hI3jK4lM5\"}",
	"\\\"mac\\\":\\\"nOqR4c1jRzS0V2xXoYtq6L8a9bC0dE1fG2hI3jK4lM5\\\"",
	"toolu_01A09q90qw90lq917835lq9aB",
	"\"id\":\"gK1xq9Zt3mVw7bN5cR2yP8sL4dF6hJ0a\"",
	"sha512-"
	"oRfqbYsZ3ZDZX3QmmJ7Xb5aBFqlmUl3ZqPFTNNSNxpVCWc0hAyO2NiyGtAy3y6KLxGyo9nZJk0vwwLmjHE3cTQ==",
	"github.com/foo/bar v1.2.3 h1:abcDEF123456ghiJKL789mnoPQR012stuVWX345yzA=",
	"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
	"_ZN4core3fmt9Formatter9write_str17h3aB5cD7eF9gH1iJ3E",
	"Bearer authentication is used here as described",
	"Authorization: Bearer YOUR_TOKEN_GOES_HERE_12",
	"Authorization: Bearer ${TOKEN_1234567890}",
	"Authorization: Basic realm123",
	"Authorization: Basic YWRtaW5odW50ZXIy",
	/* Data, which is longer than keys are. */
	"nQvWys81vp7hB1dx8PpD5KHXe3PYiGkPAuNaRL63xYKwzEInncIIA3ANxN9K3KSU9Mi4"
	"roNL89sM995YTBXaK7JQEVT0mlAmrtVETW0TesULeetLDQ8B8vW2ZBjyaXYl1AcCtLn9",
	"basic arithmetic",
	"https://user@host/path",
	"https://example.com:8080/path@x",
	"https://user:password@host/",
	"http://localhost:3000/@scope/pkg",
	"git@github.com:me/it.git",
	"eyJhbGciOiJIUzI1NiJ9 alone",
	"a.eyJhbGciOiJIUzI1NiJ9.b",
	"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC "
	"KEY-----",
	"-----BEGIN PRIVATE KEY----- begins such a block of text and so on",
	"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
	"12:34:56 started, 10:20:30 ended",
	"1234567890:AAshort",
};

START_TEST(what_transcripts_are_full_of_is_left_alone)
{
	struct redactor *redactor = redactor_with(NULL, 0);

	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
		struct redact_hit hit = { "", 0, 0 };
		int rc = redact_find(redactor, slice(harmless[i]), 0, &hit);

		ck_assert_msg(rc == HF_ERR_NOTFOUND, "%s: %s", hit.kind, harmless[i]);
	}
	redactor_free(redactor);
}
END_TEST

#define BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

START_TEST(a_private_key_is_found_in_every_armour)
{
	static const char *const keys[] = {
		"-----BEGIN PRIVATE KEY-----\n" BODY "\n" BODY "\nabcd\n-----END PRIVATE KEY-----",
		"-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: "
		"AES-128-CBC,00\r\n"
		"\r\n" BODY "\r\n-----END RSA PRIVATE KEY-----",
		"-----BEGIN OPENSSH PRIVATE KEY-----\n" BODY
		"AAAA\n-----END OPENSSH PRIVATE KEY-----",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" BODY "\n=aB3d\n"
		"-----END PGP PRIVATE KEY BLOCK-----",
		/* Line feeds of a string, and of a string in a string. */
		"-----BEGIN EC PRIVATE KEY-----\\n" BODY "\\n-----END EC PRIVATE KEY-----",
		"-----BEGIN EC PRIVATE KEY-----\\\\n" BODY "\\\\n-----END EC PRIVATE KEY-----",
		/* The end is missing. */
		"-----BEGIN PRIVATE KEY-----\n" BODY "\n" BODY "\nabcd==",
		"-----BEGIN PRIVATE KEY-----\\n" BODY,
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" BODY "\n" BODY,
	};
	struct redactor *redactor = redactor_with(NULL, 0);

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		static const char *const around[] = { "before: ", "\n", "\\n", "\"" };

		for (size_t j = 0; j < sizeof around / sizeof around[0]; j++) {
			struct redact_hit hit;
			char text[600];

			(void)snprintf(text, sizeof text, "%s%s\n \nand more of the text",
				       around[j], keys[i]);
			ck_assert_msg(redact_find(redactor, slice(text), 0, &hit) == HF_OK, "%s",
				      text);
			ck_assert_str_eq(hit.kind, "private-key");
			ck_assert_msg(hit.offset == strlen(around[j]) &&
					      hit.size == strlen(keys[i]),
				      "%zu+%zu in %s", hit.offset, hit.size, text);
		}
	}
	redactor_free(redactor);
}
END_TEST

/* What an escape leaves before a key in a string of a string. */
START_TEST(a_key_behind_an_escape_is_found)
{
	static const char *const before[] = { "\\n", "\\t",  "\\\\n", "\\u000a", "%20",
					      "%3D", "\\\"", "\\",    "my-" };
	struct redactor *redactor = redactor_with(NULL, 0);

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		struct redact_hit hit;
		char text[200];

		(void)snprintf(text, sizeof text, "x=%s" GITHUB "\\n", before[i]);
		ck_assert_msg(redact_find(redactor, slice(text), 0, &hit) == HF_OK, "%s", text);
		ck_assert_str_eq(hit.kind, "github-token");
		ck_assert_uint_eq(hit.offset, 2 + strlen(before[i]));
		ck_assert_uint_eq(hit.size, strlen(GITHUB));
	}
	redactor_free(redactor);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redact_kinds");
	TCase *cases = runner_cases(suite, "kinds", 60);

	tcase_add_test(cases, each_kind_is_found_whole_and_by_its_name);
	tcase_add_test(cases, a_key_of_fixed_size_that_is_too_short_is_none);
	tcase_add_test(cases, what_transcripts_are_full_of_is_left_alone);
	tcase_add_test(cases, a_private_key_is_found_in_every_armour);
	tcase_add_test(cases, a_key_behind_an_escape_is_found);
	return runner_run(suite);
}
