/* SPDX-License-Identifier: MIT */
#include "store/config.h"

#include <stdio.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/report.h"
#include "store/config_file.h"
#include "store/config_keys.h"

/* POSIX has the program declare it. Read as getenv reads it, and with the same reservation:
 * only a program that changes its environment meanwhile could suffer. */
extern char **environ;

#define PREFIX "HOLDFAST_"

enum {
	EXCERPT_MAX = 40,       /* bytes of a wrong value or name that are shown */
	EXCERPT_SIZE = EXCERPT_MAX + 6,
	SUBJECT_SIZE = CONFIG_PLACE_SIZE + CONFIG_NAME_SIZE + 16,
	KEY_DISTANCE = 4,       /* a wrong name in a file is guessed if it is nearer than this */
	VARIABLE_DISTANCE = 3,  /* a variable is somebody else's unless it is nearer than this */
};

enum config_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_OPTION };

/* One setting as it stands now. */
struct value {
	char *text;       /* NULL: nobody has set it */
	uint64_t number;  /* what it means, see enum config_kind */
	enum config_source source;
	const char *file; /* one of hf_config.files, or NULL */
	unsigned line;
};

struct hf_config {
	struct value values[CONFIG_COUNT];
	char *files[2];   /* paths: the user's, the store's; NULL: there is none */
	struct hf_limit limits[2];
};

/* Where a setting is made that is being read. */
struct origin {
	struct hf_config *config;
	struct report *report;
	enum config_source source;
	const char *file; /* only for SOURCE_FILE */
};

static void excerpt(const char *text, char ret_excerpt[EXCERPT_SIZE])
{
	(void)snprintf(ret_excerpt, EXCERPT_SIZE, "'%.*s'%s", EXCERPT_MAX, text,
		       strnlen(text, EXCERPT_MAX + 1) > EXCERPT_MAX ? "..." : "");
}

/* Copies a name in capitals, as it stands in the environment, or back. */
static void put_capitals(const char *name, char ret_name[CONFIG_NAME_SIZE])
{
	size_t i;

	for (i = 0; i < CONFIG_NAME_SIZE - 1 && name[i] != '\0'; i++)
		ret_name[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
	ret_name[i] = '\0';
}

/* What a message about a setting begins with. */
static void put_subject(const struct origin *origin, const struct config_key *key, unsigned line,
			char text[SUBJECT_SIZE])
{
	char place[CONFIG_PLACE_SIZE];
	char capitals[CONFIG_NAME_SIZE];

	if (origin->source == SOURCE_FILE) {
		config_file_place(origin->file, line, place);
		(void)snprintf(text, SUBJECT_SIZE, "%s: %s", place, key->name);
	} else if (origin->source == SOURCE_ENVIRONMENT) {
		put_capitals(key->name, capitals);
		(void)snprintf(text, SUBJECT_SIZE, PREFIX "%s", capitals);
	} else {
		(void)snprintf(text, SUBJECT_SIZE, "%s", key->name);
	}
}

static int refuse_key(const struct origin *origin, const char *name, unsigned line)
{
	size_t nearest = config_keys_nearest(name, KEY_DISTANCE);
	char place[CONFIG_PLACE_SIZE] = "";
	char shown[EXCERPT_SIZE];

	if (origin->source == SOURCE_FILE)
		config_file_place(origin->file, line, place);
	excerpt(name, shown);
	if (nearest < CONFIG_COUNT)
		return report_fail(origin->report, HF_ERR_CONFIG, "config",
				   "%s%sthere is no setting %s; is '%s' meant?", place,
				   place[0] != '\0' ? ": " : "", shown, config_keys[nearest].name);
	return report_fail(origin->report, HF_ERR_CONFIG, "config", "%s%sthere is no setting %s", place,
			   place[0] != '\0' ? ": " : "", shown);
}

/* Sets a setting, if the value is one for it. */
static int set_value(const struct origin *origin, size_t index, const char *text, unsigned line)
{
	const struct config_key *key = &config_keys[index];
	struct value *value = &origin->config->values[index];
	char subject[SUBJECT_SIZE], shown[EXCERPT_SIZE], wanted[CONFIG_WANTED_SIZE];
	uint64_t number = 0;
	char *copy;

	if (!config_keys_read(key, text, &number)) {
		put_subject(origin, key, line, subject);
		excerpt(text, shown);
		config_keys_wanted(key, wanted);
		return report_fail(origin->report, HF_ERR_CONFIG, "config", "%s: %s is not %s", subject,
				   shown, wanted);
	}
	copy = mem_copy_text(text);
	if (copy == NULL)
		return HF_ERR_NOMEM;
	mem_free(value->text);
	*value = (struct value){ copy, number, origin->source, origin->file, line };
	return HF_OK;
}

/* Takes a line of a file. */
static int take_line(void *context, const char *name, const char *text, unsigned line)
{
	const struct origin *origin = context;
	size_t index = config_keys_find(name);
	const struct value *value = &origin->config->values[index < CONFIG_COUNT ? index : 0];
	char subject[SUBJECT_SIZE];

	if (index == CONFIG_COUNT)
		return refuse_key(origin, name, line);
	if (value->source == SOURCE_FILE && value->file == origin->file) {
		put_subject(origin, &config_keys[index], line, subject);
		return report_fail(origin->report, HF_ERR_CONFIG, "config", "%s is set in line %u already",
				   subject, value->line);
	}
	return set_value(origin, index, text, line);
}

/* Refuses a variable that is most likely a setting with a mistake in its name. */
static int check_foreign(const struct origin *origin, const char *name, const char *in_small)
{
	size_t nearest = config_keys_nearest(in_small, VARIABLE_DISTANCE);
	char capitals[CONFIG_NAME_SIZE];

	if (nearest == CONFIG_COUNT)
		return HF_OK;
	put_capitals(config_keys[nearest].name, capitals);
	return report_fail(origin->report, HF_ERR_CONFIG, "config",
			   PREFIX "%s: there is no such setting; is " PREFIX "%s meant?", name, capitals);
}

/* Takes NAME=value of the environment, PREFIX left out. Without a value it counts as not
 * set, as is the custom. */
static int take_variable(const struct origin *origin, const char *variable)
{
	const char *equals = strchr(variable, '=');
	char name[CONFIG_NAME_SIZE] = "", in_small[CONFIG_NAME_SIZE] = "", capitals[CONFIG_NAME_SIZE];
	size_t size, index;

	if (equals == NULL || equals[1] == '\0' || equals - variable >= CONFIG_NAME_SIZE)
		return HF_OK;
	size = (size_t)(equals - variable);
	memcpy(name, variable, size);
	for (size_t i = 0; i < size; i++)
		in_small[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
	index = config_keys_find(in_small);
	put_capitals(in_small, capitals);
	if (index < CONFIG_COUNT && strcmp(capitals, name) == 0)
		return set_value(origin, index, equals + 1, 0);
	return check_foreign(origin, name, in_small);
}

static int read_environment(struct hf_config *config, struct report *report,
			    const char *const *environment)
{
	const struct origin origin = { config, report, SOURCE_ENVIRONMENT, NULL };
	int rc = HF_OK;

	for (; *environment != NULL && rc == HF_OK; environment++) {
		if (strncmp(*environment, PREFIX, sizeof PREFIX - 1) == 0)
			rc = take_variable(&origin, *environment + sizeof PREFIX - 1);
	}
	return rc;
}

/* The value of an absolute path in the environment, or NULL. */
static const char *find_path(const char *const *environment, const char *name)
{
	size_t size = strlen(name);

	for (; *environment != NULL; environment++) {
		const char *value = *environment + size;

		if (strncmp(*environment, name, size) == 0 && value[0] == '=' && value[1] == '/')
			return value + 1;
	}
	return NULL;
}

static char *join(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 1;
	char *path = mem_new(1, size);

	if (path != NULL)
		(void)snprintf(path, size, "%s%s", directory, name);
	return path;
}

/* Finds out which files there may be. */
static int find_files(struct hf_config *config, const char *const *environment,
		      const char *store_path)
{
	const char *base = find_path(environment, "XDG_CONFIG_HOME");
	const char *home = find_path(environment, "HOME");

	if (base != NULL)
		config->files[0] = join(base, "/holdfast/config");
	else if (home != NULL)
		config->files[0] = join(home, "/.config/holdfast/config");
	if ((base != NULL || home != NULL) && config->files[0] == NULL)
		return HF_ERR_NOMEM;
	if (store_path != NULL) {
		config->files[1] = join(store_path, "/config");
		if (config->files[1] == NULL)
			return HF_ERR_NOMEM;
	}
	return HF_OK;
}

static int read_files(struct hf_config *config, const struct sys *sys, struct report *report)
{
	int rc = HF_OK;

	for (size_t i = 0; i < ARRAY_SIZE(config->files) && rc == HF_OK; i++) {
		const struct config_file file = { config->files[i], i == 1 };
		struct origin origin = { config, report, SOURCE_FILE, config->files[i] };

		if (file.path != NULL)
			rc = config_file_read(sys, report, &file, take_line, &origin);
	}
	return rc;
}

static struct hf_limit limit_of(const struct hf_config *config, const char *operation, size_t first)
{
	const struct value *value = &config->values[first];

	return (struct hf_limit){ operation, (uint32_t)value[0].number, (uint32_t)value[1].number,
				  (uint32_t)value[2].number, (uint32_t)value[3].number };
}

static void put_limits(struct hf_config *config)
{
	config->limits[0] = limit_of(config, "resume", CONFIG_RESUME_MAX);
	config->limits[1] = limit_of(config, "default", CONFIG_DEFAULT_MAX);
}

static void put_standards(struct hf_config *config)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		INVARIANT(config_keys_read(&config_keys[i], config_keys[i].standard,
					   &config->values[i].number));
}

int config_load_with(const struct sys *sys, const char *const *environment,
		     const char *store_path, struct hf_detail *detail,
		     struct hf_config **ret_config)
{
	struct report report = report_make(NULL, NULL);
	struct hf_config *config = NULL;
	int rc;

	if (ret_config == NULL) {
		rc = report_fail(&report, HF_ERR_INVALID, "config", "an argument is NULL");
		goto out;
	}
	config = mem_new(1, sizeof *config);
	if (config == NULL) {
		rc = HF_ERR_NOMEM;
		goto out;
	}
	put_standards(config);
	rc = find_files(config, environment, store_path);
	if (rc == HF_OK)
		rc = read_files(config, sys, &report);
	if (rc == HF_OK)
		rc = read_environment(config, &report, environment);
	if (rc != HF_OK)
		goto out;
	put_limits(config);
	*ret_config = config;
	config = NULL;
out:
	hf_config_free(config);
	return report_deliver(&report, rc, detail);
}

int hf_config_load(const char *store_path, struct hf_detail *detail, struct hf_config **ret_config)
{
	static const char *const nothing[] = { NULL };
	/* C converts no char ** to this by itself, though nothing could go wrong. */
	const char *const *environment = (const char *const *)environ;

	return config_load_with(sys_posix(), environment != NULL ? environment : nothing, store_path,
				detail, ret_config);
}

void hf_config_free(struct hf_config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		mem_free(config->values[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(config->files); i++)
		mem_free(config->files[i]);
	mem_free(config);
}

int hf_config_set(struct hf_config *config, const char *key, const char *value,
		  struct hf_detail *detail)
{
	struct report report = report_make(NULL, NULL);
	const struct origin origin = { config, &report, SOURCE_OPTION, NULL };
	size_t index;
	int rc;

	if (config == NULL || key == NULL || value == NULL) {
		rc = report_fail(&report, HF_ERR_INVALID, "config", "an argument is NULL");
		return report_deliver(&report, rc, detail);
	}
	index = config_keys_find(key);
	rc = index < CONFIG_COUNT ? set_value(&origin, index, value, 0) : refuse_key(&origin, key, 0);
	put_limits(config);
	return report_deliver(&report, rc, detail);
}

void hf_config_each(const struct hf_config *config, hf_setting_fn each, void *context)
{
	static const char *const sources[] = { "default", "file", "environment", "option" };

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct value *value = &config->values[i];
		const struct config_key *key = &config_keys[i];
		struct hf_setting setting = { .key = key->name, .standard = key->standard,
					      .help = key->help, .source = sources[value->source],
					      .file = value->file, .line = value->line };

		setting.value = value->text != NULL ? value->text : key->standard;
		each(context, &setting);
	}
}

/* The path that a setting gives; NULL if it is left to the store. */
static const char *path_of(const struct value *value)
{
	return value->text != NULL && value->text[0] != '\0' ? value->text : NULL;
}

void hf_config_apply(const struct hf_config *config, struct hf_store_options *options)
{
	const struct value *values = config->values;
	const char *runtime_dir = path_of(&values[CONFIG_RUNTIME_DIR]);
	uint64_t padding = values[CONFIG_PADDING].number;

	options->durability = (enum hf_durability)values[CONFIG_DURABILITY].number;
	options->max_record_size = (uint32_t)values[CONFIG_MAX_RECORD_SIZE].number;
	options->max_session_size = values[CONFIG_MAX_SESSION_SIZE].number;
	options->max_sessions = (uint32_t)values[CONFIG_MAX_SESSIONS].number;
	options->auto_cleanup = values[CONFIG_AUTO_CLEANUP].number != 0;
	options->space_reserve = values[CONFIG_SPACE_RESERVE].number;
	options->key_dir = path_of(&values[CONFIG_KEY_DIR]);
	options->runtime_dir = runtime_dir != NULL && strcmp(runtime_dir, "none") == 0 ? "" :
											 runtime_dir;
	options->rounds = (uint32_t)values[CONFIG_ROUNDS].number;
	options->threads = (uint32_t)values[CONFIG_THREADS].number;
	/* In the options 0 is the default and 1 is none. */
	options->padding = padding > 0 ? (uint32_t)padding : 1;
	options->limits = config->limits;
	options->limit_count = ARRAY_SIZE(config->limits);
	options->cleanup_interval_ms = (uint32_t)values[CONFIG_CLEANUP_INTERVAL].number;
}

uint32_t hf_config_timeout_ms(const struct hf_config *config)
{
	return (uint32_t)config->values[CONFIG_TIMEOUT].number;
}

bool hf_config_one_per_project(const struct hf_config *config)
{
	return config->values[CONFIG_ONE_PER_PROJECT].number != 0;
}
