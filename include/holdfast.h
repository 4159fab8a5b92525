/* SPDX-License-Identifier: MIT */
/*
 * holdfast.h - the session store for coding agents: the whole public interface.
 *
 * A store is a directory that holds sessions. A session is one conversation of an
 * agent, kept as an append-only log of signed records. Every record that an append
 * has acknowledged is on disk (at the default durability level) before the call
 * returns, is covered by a MAC, and is chained to the record before it.
 *
 * Calling sequence of a host that appends each message as it happens:
 *
 *     struct hf_store *store = NULL;
 *     struct hf_session *session = NULL;
 *     int rc = hf_store_open("/var/lib/me/sessions", NULL, NULL, &store);
 *     if (rc == HF_OK)
 *         rc = hf_session_create(store, NULL, NULL, &session);
 *     struct hf_append record = { "message", NULL, json, json_size };
 *     if (rc == HF_OK)
 *         rc = hf_session_append(session, NULL, &record, 1, NULL, NULL);
 *     int closed = hf_session_close(session, HF_CLOSE_SEAL, NULL);
 *     hf_store_close(store);
 *
 * A host that keeps a session in memory calls hf_session_save with all its records
 * instead of hf_session_append; readers then see the old session or the new one.
 *
 * Errors. Every function that can fail returns HF_OK (0) or a negative HF_ERR_ code.
 * hf_error_text gives a sentence for users that never holds a path, a session id, an
 * errno or key material; hf_error_hint says what the user can do. What a developer
 * needs beyond that goes to the caller's struct hf_detail (may always be NULL) and to
 * the log sink. ret_ parameters come last and are written only on success. Besides the
 * errors a function names, any function that allocates can return HF_ERR_NOMEM and any
 * that does input or output HF_ERR_IO, HF_ERR_DENIED, HF_ERR_NOSPACE, HF_ERR_READONLY
 * or HF_ERR_FILES.
 *
 * Threads. A struct hf_store may be used by any number of threads at once. A struct
 * hf_session may be too: its calls are serialized by a mutex inside. A struct hf_view
 * may be read by many threads at once (each with its own struct hf_record), a struct
 * hf_list by one thread at a time. Closing a handle while another thread uses it is a
 * programmer's error. Handles do not survive fork: a child that uses its parent's
 * session gets HF_ERR_FORKED, never a bad signature. (As with any mutex, a program that
 * forks while another of its threads is in a call must not use the handle in the child.)
 * Programs that are started (fork and exec) inherit nothing. A child that neither execs
 * nor ends keeps the session held if its parent dies first; closing gives it back at once.
 *
 * The library never prints, exits, forks or touches signal handlers.
 */
#ifndef HOLDFAST_H
#define HOLDFAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HF_VERSION "0.1.0"

#if defined(__GNUC__)
#define HF_API __attribute__((visibility("default")))
#define HF_MUST_USE __attribute__((warn_unused_result))
#else
#define HF_API
#define HF_MUST_USE
#endif

/* ---- Errors ------------------------------------------------------------------ */

/*
 * The one table of errors: X(name, value, exit status, text, hint). Values and exit
 * statuses are fixed for ever. Texts are safe to show: no path, id, errno or key.
 */
#define HF_ERRORS(X)                                                                    \
	X(HF_OK, 0, 0, "Done.", "")                                                        \
	X(HF_ERR_INVALID, -1, 2, "The request is not valid.",                              \
	  "Check the arguments of the call.")                                              \
	X(HF_ERR_NOMEM, -2, 1, "There is not enough memory.",                              \
	  "Nothing was changed. Free some memory and try again.")                          \
	X(HF_ERR_IO, -3, 10, "The storage reported an input/output error.",                \
	  "What was acknowledged is kept. Check the disk, then open the session again.")   \
	X(HF_ERR_NOSPACE, -4, 9, "There is no space left on the storage.",                 \
	  "What was acknowledged is kept. Free some space and try again.")                 \
	X(HF_ERR_DENIED, -5, 5, "Permission denied.",                                      \
	  "Check the owner and the mode of the store.")                                    \
	X(HF_ERR_READONLY, -6, 5, "The storage is read-only.",                             \
	  "Make it writable, or open the store read-only.")                                \
	X(HF_ERR_FILES, -7, 1, "Too many files are open.",                                 \
	  "Close some sessions or raise the limit on open files.")                         \
	X(HF_ERR_NOTFOUND, -8, 3, "There is no such session or store.",                             \
	  "List the sessions to see what there is.")                                     \
	X(HF_ERR_EXISTS, -9, 4, "It exists already.", "Choose another id.")                \
	X(HF_ERR_AMBIGUOUS, -10, 4, "More than one session matches.",                      \
	  "Give more characters of the id.")                                               \
	X(HF_ERR_BUSY, -11, 6, "A save is in progress: another writer holds this session.", \
	  "Nothing was changed. Wait until it is done, or close the other program.")       \
	X(HF_ERR_CONFLICT, -12, 7, "The session has moved on since it was read.",          \
	  "Nothing was written. Read the session again, then append.")                     \
	X(HF_ERR_ID_REUSED, -13, 7, "A record with this id and other contents exists.",    \
	  "Nothing was written. Give each record an id of its own.")                       \
	X(HF_ERR_RECORD_SIZE, -14, 8, "The record is larger than the limit for records.",  \
	  "Nothing was written. Raise max_record_size, or split the record.")              \
	X(HF_ERR_SESSION_SIZE, -15, 8, "The session is larger than this program can hold.", \
	  "Nothing was written. Continue in a new session.")                               \
	X(HF_ERR_JSON, -16, 11, "The data is not valid JSON.",                             \
	  "Nothing was written. Correct the data and send it again.")                      \
	X(HF_ERR_FORMAT, -17, 12, "This is not a Holdfast store, or a newer version made it.", \
	  "Check the path, or update this program.")                                       \
	X(HF_ERR_POISONED, -18, 10, "An earlier write failed, so this handle is closed to writes.", \
	  "What was acknowledged is kept. Open the session again to go on.")               \
	X(HF_ERR_CLOSED, -19, 2, "The handle was opened for reading only.",                \
	  "Open it for writing.")                                                          \
	X(HF_ERR_FORKED, -20, 1, "The handle belongs to the process that opened it.",      \
	  "Open the session again in this process.")                                       \
	X(HF_ERR_KEY_MODE, -21, 13, "The secret key file can be read by others.",          \
	  "Make it private: chmod 600 the file and chmod 700 its directory.")              \
	X(HF_ERR_KEY_UNSAFE, -22, 13, "The secret key file is not a plain file of your own.", \
	  "Put a regular file with one name, owned by you, in its place.")                 \
	X(HF_ERR_KEY_CORRUPT, -23, 13, "The secret key file is damaged.",                  \
	  "Restore it from a backup. A store opened for writing keeps it aside.")          \
	X(HF_ERR_RATE_LIMITED, -24, 14, "Too many attempts in a short time.",              \
	  "Nothing was changed. Wait a moment, then try again.")                           \
	X(HF_ERR_MAX_SESSIONS, -25, 8, "The store holds as many sessions as max_sessions allows.", \
	  "Nothing was changed. Remove some, set auto_cleanup, or raise max_sessions.")    \
	X(HF_ERR_MAX_SESSION_SIZE, -26, 8, "The session is as large as max_session_size allows.", \
	  "Nothing was written. Raise max_session_size, or continue in a new session.")    \
	X(HF_ERR_SPACE_RESERVE, -27, 9, "Less space is free than space_reserve keeps back.", \
	  "Nothing was changed; running sessions go on. Free some space, or lower space_reserve.") \
	X(HF_ERR_PROJECT, -28, 15, "The project's directory is not there.",                \
	  "Nothing is lost. Bring it back, or name its new place.")                        \
	X(HF_ERR_PROJECT_CHANGED, -29, 15, "The project's directory was replaced meanwhile.", \
	  "Nothing is lost. Look at the directory, then resume again.")                    \
	X(HF_ERR_TORN, -30, 20, "The session ends in an incomplete record.",               \
	  "Nothing acknowledged is lost. Repair the session to go on.")                    \
	X(HF_ERR_TRUNCATED, -31, 21, "Records that were acknowledged are missing at the end.", \
	  "What is left can be read. Restore the session from a backup if there is one.")  \
	X(HF_ERR_TAMPERED, -32, 22, "A record was altered or damaged.",                    \
	  "What stands before it can be trusted. Restore from a backup if there is one.")  \
	X(HF_ERR_GAP, -33, 23, "A damaged region lies before records that are valid.",     \
	  "Look at the session, then repair it with the verdict named as accepted.")       \
	X(HF_ERR_ROLLED_BACK, -34, 24, "An older state of the session was put in its place.", \
	  "Restore the newest state from a backup if there is one.")                       \
	X(HF_ERR_HEAD_MISSING, -35, 25, "The file that says where the session ended is missing.", \
	  "Look at the session, then repair it with the verdict named as accepted.")       \
	X(HF_ERR_WEAK_KEY, -36, 26, "The session was signed with a weak key.",             \
	  "Its records are readable, but anybody could have written them.")                \
	X(HF_ERR_KEY_MISSING, -37, 27, "The key that signed this session is not here.",    \
	  "Its records are readable but cannot be checked. Restore the key file.")         \
	X(HF_ERR_UNSIGNED, -38, 28, "The session was imported without a signature.",       \
	  "Its records are as they were found; who wrote them is not known.")              \
	X(HF_ERR_PROJECT_BUSY, -40, 6, "Another session of this project is active.",       \
	  "Nothing was changed. Close that session first.")                                \
	X(HF_ERR_TRASHED, -41, 3, "The session is in the trash.",                          \
	  "Restore it, then try again.")                                                   \
	X(HF_ERR_CONFIG, -42, 16, "The configuration is not valid.",                       \
	  "Nothing was changed. Correct the setting that is named, then try again.")       \
	X(HF_ERR_LIBRARY, -43, 17, "A library that this needs is not installed.",          \
	  "Nothing was changed. Install the library that is named, then try again.")       \
	X(HF_ERR_FOREIGN, -44, 18, "The format is not known, or not the one that was named.", \
	  "Nothing was changed. Name the format, or another file.")                        \
	X(HF_ERR_SIGNATURE, -45, 19, "The signature of the foreign session does not match.", \
	  "Nothing was imported. Give the secret and the host name that it was signed with.") \
	X(HF_ERR_BUNDLE, -46, 29, "The bundle is damaged or incomplete.",                  \
	  "What is whole in it was kept. Make the bundle again, or fetch it again.")       \
	X(HF_ERR_INTERNAL, -99, 1, "Something went wrong.",                                \
	  "What was acknowledged is kept. See the log for details.")

enum hf_error {
#define HF_ERROR_VALUE(name, value, exit_status, text, hint) name = (value),
	HF_ERRORS(HF_ERROR_VALUE)
#undef HF_ERROR_VALUE
};

/* The text for users, what the user can do, the name ("HF_ERR_IO") and the command's
 * exit status for a code. Unknown codes give those of HF_ERR_INTERNAL. Static text. */
HF_API const char *hf_error_text(int code);
HF_API const char *hf_error_hint(int code);
HF_API const char *hf_error_name(int code);
HF_API int hf_error_exit(int code);

/* What went wrong, for developers and logs, never for users. Filled when a call fails. */
struct hf_detail {
	int code;             /* the code that the call returned */
	int os_errno;         /* errno behind it, or 0 */
	int64_t record;       /* number of the record concerned, or -1 */
	int64_t offset;       /* byte offset in the log or in the given JSON, or -1 */
	int64_t input;        /* index of the given record that was refused, or -1 */
	int64_t wait_ms;      /* HF_ERR_RATE_LIMITED: how long to wait; otherwise 0 */
	char operation[24];   /* the step that failed, such as "fdatasync" */
	char message[256];    /* one line; may hold paths and session ids */
};

enum hf_log_level { HF_LOG_DEBUG, HF_LOG_INFO, HF_LOG_WARNING, HF_LOG_ERROR };

/* Receives one line without a line feed. Called from any thread that uses the library,
 * never after the store is closed; it must not call back into the library. */
typedef void (*hf_log_fn)(void *context, enum hf_log_level level, const char *message);

/* A piece of text or JSON that somebody else owns: size bytes, no NUL at the end. */
struct hf_slice {
	const char *data;
	size_t size;
};

/* ---- Verdicts ---------------------------------------------------------------- */

/*
 * What verification says of a session: X(name, value, text name, matching error). They
 * stand in order of gravity: of two verdicts the later one is worse.
 */
#define HF_VERDICTS(X)                                       \
	X(HF_INTACT, 0, "intact", HF_OK)                        \
	X(HF_UNSIGNED, 1, "unsigned", HF_ERR_UNSIGNED)          \
	X(HF_WEAK_KEY, 2, "weak-key", HF_ERR_WEAK_KEY)          \
	X(HF_TORN, 3, "torn", HF_ERR_TORN)                      \
	X(HF_KEY_MISSING, 4, "key-missing", HF_ERR_KEY_MISSING) \
	X(HF_HEAD_MISSING, 5, "head-missing", HF_ERR_HEAD_MISSING) \
	X(HF_GAP, 6, "gap", HF_ERR_GAP)                         \
	X(HF_TRUNCATED, 7, "truncated", HF_ERR_TRUNCATED)       \
	X(HF_ROLLED_BACK, 8, "rolled-back", HF_ERR_ROLLED_BACK) \
	X(HF_TAMPERED, 9, "tampered", HF_ERR_TAMPERED)

enum hf_verdict {
#define HF_VERDICT_VALUE(name, value, text, error) name = (value),
	HF_VERDICTS(HF_VERDICT_VALUE)
#undef HF_VERDICT_VALUE
};

/* Bits for the accept members below: 1 << HF_GAP accepts a gap, and so on. */
#define HF_ACCEPT(verdict) (1u << (verdict))

HF_API const char *hf_verdict_name(enum hf_verdict verdict);
/* The error code that stands for a verdict; its text and exit status are the verdict's. */
HF_API int hf_verdict_error(enum hf_verdict verdict);
/* Finds the verdict with a text name; false if there is none. */
HF_API bool hf_verdict_find(const char *name, enum hf_verdict *ret_verdict);

/* The outcome of checking one session. */
struct hf_check {
	enum hf_verdict verdict; /* the gravest that holds */
	bool weak;               /* signed with a weak key, whatever else holds */
	bool active;             /* somebody held the session for writing meanwhile */
	uint64_t records;        /* records that verify, from the first one on */
	uint64_t bytes;          /* bytes of the log that these take */
	uint64_t log_bytes;      /* bytes of the log without the padding at its end */
	uint64_t acknowledged;   /* records that the head knows to be acknowledged */
	int64_t bad_record;      /* number of the first record that does not verify, or -1 */
	int64_t bad_offset;      /* where it begins in the log, or -1 */
};

/* ---- Stores ------------------------------------------------------------------ */

struct hf_store;
struct hf_session;
struct hf_view;
struct hf_list;

enum hf_durability {
	HF_SYNC = 0,   /* default: data is synced before an append is acknowledged */
	HF_OS = 1,     /* no sync: survives the process, not a power cut */
	HF_STRICT = 2, /* the head is synced too: a power cut cannot hide a truncation */
};

enum {
	HF_ID_SIZE = 37,                     /* a session id with its NUL */
	HF_KEY_ID_SIZE = 17,                 /* a key id with its NUL */
	HF_DEPTH_MAX = 128,                  /* nesting of JSON that is accepted */
	HF_RECORD_SIZE_DEFAULT = 16 << 20,   /* bytes of one record's data */
	HF_RECORD_SIZE_LIMIT = 1 << 30,      /* what max_record_size may be raised to */
	HF_RECORD_ID_MAX = 128,              /* bytes of a record's id */
	HF_TYPE_MAX = 32,                    /* bytes of a record's type */
	HF_NAME_MAX = 256,                   /* bytes of a session's name */
	HF_PROJECT_MAX = 3072,               /* bytes of a project's path */
	HF_ROUNDS_DEFAULT = 100000,          /* PBKDF2 rounds for a new secret */
	HF_ROUNDS_MIN = 10000,
	HF_ROUNDS_MAX = 10000000,
	HF_PADDING_MAX = 1 << 20,
	HF_LIMIT_MAX = 1024,                 /* attempts that one window can allow */
	HF_LIMIT_KEY_MAX = 5,                /* the default rate limits */
	HF_LIMIT_GLOBAL_MAX = 20,
	HF_LIMIT_WINDOW_MS = 60000,
	HF_TAGS_MAX = 16,                    /* tags of a session */
	HF_TAG_SIZE_MAX = 64,                /* bytes of one tag */
	HF_TAGS_SIZE_MAX = 256,              /* bytes of all, with a space between */
	HF_ID_WINDOW = 1024,                 /* newest record ids that are remembered */
	HF_ID_WINDOW_BYTES = 1 << 20,        /* bytes of log read back to learn them */
};

/*
 * A sliding window for one operation: at most key_max attempts for one key within
 * key_window_ms, and at most global_max in all within global_window_ms. A maximum of 0
 * is no limit of that kind. "resume" is what hf_session_resume counts, with the session's
 * id as key; a host names its own as it likes, and "default" stands for all that are not
 * named. Without any given, each operation has 5 in 60 s for a key and 20 in 60 s in all.
 */
struct hf_limit {
	const char *operation;
	uint32_t key_max; /* at most HF_LIMIT_MAX */
	uint32_t key_window_ms;
	uint32_t global_max;
	uint32_t global_window_ms;
};

/* How a store is opened. Zero means the default of each member. */
struct hf_store_options {
	bool read_only;            /* never create or change anything, not even a key */
	bool must_exist;           /* fail with HF_ERR_NOTFOUND instead of making the store */
	enum hf_durability durability;
	const char *key_dir;       /* NULL: the directory "keys" in the store */
	const char *runtime_dir;   /* NULL: $XDG_RUNTIME_DIR; "": no cache across processes */
	uint32_t rounds;           /* PBKDF2 rounds for a new secret */
	uint32_t max_record_size;  /* bytes of one record's data */
	uint64_t max_session_size; /* bytes of one session's log; 0: none */
	uint32_t max_sessions;     /* new ones are refused from then on; 0: no limit */
	bool auto_cleanup;         /* at max_sessions the oldest closed one goes to the trash */
	uint64_t space_reserve;    /* free bytes that a new session must leave; 0: none */
	uint32_t padding;          /* see hf_session_create; 0: default, 1: none */
	uint32_t threads;          /* threads that check one log; 0: up to 2 */
	const char *program;       /* what hf_session_who calls a holder; NULL: the process's name */
	const struct hf_limit *limits; /* rate limits, see there; NULL: the defaults */
	size_t limit_count;
	uint32_t cleanup_interval_ms; /* how often expired attempts are dropped; 0: a minute */
	hf_log_fn log;             /* NULL: nothing is logged */
	void *log_context;
};

/*
 * Opens the store at path and makes it if it is not there (directories 0700, files
 * 0600; durable on return). Keys are made or read when first needed. May block on disk.
 * HF_ERR_FORMAT: the directory holds something else or a newer version's store.
 * HF_ERR_NOTFOUND: it does not exist and must_exist or read_only is set.
 * The strings in options are copied.
 */
HF_API HF_MUST_USE int hf_store_open(const char *path, const struct hf_store_options *options,
				     struct hf_detail *detail, struct hf_store **ret_store);

/* Closes a store whose sessions, views and lists are closed; wipes its keys from
 * memory. NULL is allowed. */
HF_API void hf_store_close(struct hf_store *store);

/* ---- Writing sessions -------------------------------------------------------- */

/* What a new session is. Zero or NULL means the default of each member. */
struct hf_session_options {
	const char *id;         /* a UUID in lower case; NULL: a random one */
	const char *name;       /* for people, at most HF_NAME_MAX bytes of UTF-8 */
	const char *project;    /* the project's directory, absolute; "/a/" is kept as "/a" */
	struct hf_slice config; /* a JSON object; empty: {} */
	struct hf_slice origin; /* a JSON object saying where an import came from */
	int64_t created_us;     /* when it began, in microseconds since 1970; 0: now */
};

/*
 * Makes a session and opens it for writing; its first record is durable on return. The
 * caller owns the handle and must close it. HF_ERR_EXISTS: the id is taken (nothing
 * was changed). HF_ERR_JSON, HF_ERR_INVALID: an option is not valid. HF_ERR_KEY_...: the
 * secret key needs mending first. HF_ERR_MAX_SESSIONS, HF_ERR_SPACE_RESERVE: a limit of the
 * store forbids it. From 80 % of max_sessions on the log gets a warning.
 */
HF_API HF_MUST_USE int hf_session_create(struct hf_store *store,
					 const struct hf_session_options *options,
					 struct hf_detail *detail,
					 struct hf_session **ret_session);

/* What a repair did, or would do. */
struct hf_repair {
	struct hf_check before; /* the state that was found */
	bool changed;           /* something was done (or would be, in a dry run) */
	uint64_t removed_bytes; /* bytes that went to the quarantine */
	uint64_t removed_offset;
	char quarantine[96];    /* the name of their file in the quarantine, or "" */
};

/* How a session is opened for writing. */
struct hf_open_options {
	uint32_t timeout_ms; /* how long to wait for another writer; 0: not at all */
	uint32_t accept;     /* bits of HF_ACCEPT: bad verdicts to go on from, see hf_session_repair */
	struct hf_repair *repair; /* NULL, or filled with what opening has repaired */
};

/*
 * Opens a session for writing. Takes time independent of the session's size: it reads
 * the head and what stands after the last acknowledged record, not the whole log. A torn
 * tail is moved to the quarantine and recorded. Until the handle is closed no one else,
 * in this process or another, can write to the session; others can read.
 * HF_ERR_BUSY: another writer holds it (after timeout_ms). HF_ERR_NOTFOUND: no such
 * session. HF_ERR_TRASHED: it is in the trash. HF_ERR_TAMPERED, _TRUNCATED, _GAP,
 * _ROLLED_BACK, _HEAD_MISSING, _KEY_MISSING: the state of the log forbids writing, and the
 * verdict was not accepted; nothing was changed.
 */
HF_API HF_MUST_USE int hf_session_open(struct hf_store *store, const char *id,
				       const struct hf_open_options *options,
				       struct hf_detail *detail, struct hf_session **ret_session);

/* One record to write. */
struct hf_append {
	/* "message", "todos", "config" (a JSON object), or a type of the host's own that begins
	 * with "x-": lower-case letters, digits, '-'; and what hf_session_rename, _pin and
	 * _tag write: "rename" ({"name":...}), "pin" ({"pinned":true}), "tags" ({"tags":[...]}). */
	const char *type;
	/* NULL, or 1 to HF_RECORD_ID_MAX printable ASCII characters other than space, '"' and
	 * '\': appending it again succeeds without writing (see hf_session_append). */
	const char *id;
	/* One JSON text (RFC 8259, UTF-8, nesting up to HF_DEPTH_MAX, no duplicate names). Kept
	 * byte for byte less insignificant white space; raw U+2028 and U+2029 are escaped. */
	const char *json;
	size_t json_size;
};

/* Conditions of an append. */
struct hf_append_options {
	bool expect;            /* append only if the session has exactly expect_records */
	uint64_t expect_records;
};

/* What was written for one record. */
struct hf_ack {
	uint64_t n;      /* the record's number */
	bool duplicate;  /* its id was there already: n is the earlier record's number */
};

/*
 * Appends count records as one batch with one write and one sync, all or nothing. On
 * return they are durable (at HF_SYNC and HF_STRICT) and acknowledged, and ret_acks
 * (NULL, or room for count) is filled. After a seal a "resume" record is put before
 * them, unless all are of the types rename, pin and tags: these leave a closed session
 * closed.
 *
 * A record whose id is among the session's newest HF_ID_WINDOW ids is not written again;
 * its ack says duplicate. When the log was not read as a whole, the ids known are those
 * in its last HF_ID_WINDOW_BYTES. The same id with other type or data is HF_ERR_ID_REUSED.
 *
 * HF_ERR_CONFLICT: expect_records does not match. HF_ERR_JSON, HF_ERR_RECORD_SIZE,
 * HF_ERR_INVALID, HF_ERR_ID_REUSED: detail->input says which record; nothing was written
 * and the handle stays good. HF_ERR_MAX_SESSION_SIZE: the same, for the batch as a whole.
 * HF_ERR_NOSPACE, HF_ERR_IO: the batch was not acknowledged, and what was written of it is
 * cut off again if that can be done. The handle is then
 * poisoned: every later call returns HF_ERR_POISONED until the session is opened again,
 * which finds out what the storage holds.
 */
HF_API HF_MUST_USE int hf_session_append(struct hf_session *session,
					 const struct hf_append_options *options,
					 const struct hf_append *records, size_t count,
					 struct hf_detail *detail, struct hf_ack *ret_acks);

/*
 * Replaces the whole session by a new generation that holds these records. Readers see
 * the old session or the new one, also after a crash at any point. Name, project,
 * configuration and creation time are kept from the session unless options (NULL:
 * keep all; members that are NULL or empty: keep) gives others. Durable on return, at
 * every level. Errors as for hf_session_append; HF_ERR_INVALID too: the session is
 * HF_UNSIGNED, and the origin given would not have "unsigned":true.
 */
HF_API HF_MUST_USE int hf_session_save(struct hf_session *session,
				       const struct hf_session_options *options,
				       const struct hf_append *records, size_t count,
				       struct hf_detail *detail);

/* Makes durable what was appended at HF_OS. HF_ERR_IO poisons the handle. */
HF_API HF_MUST_USE int hf_session_sync(struct hf_session *session, struct hf_detail *detail);

/* The session's id, and how many records it has. Valid while the handle is open. */
HF_API const char *hf_session_id(const struct hf_session *session);
HF_API uint64_t hf_session_records(struct hf_session *session);

enum hf_close {
	HF_CLOSE_SEAL,  /* the session has ended: append a seal, sync everything */
	HF_CLOSE_LEAVE, /* let go of the handle; the session counts as interrupted */
};

/*
 * Closes the handle, which is gone whatever is returned, and gives up the right to
 * write. HF_ERR_POISONED, HF_ERR_IO, ...: the seal could not be written; all that was
 * acknowledged is there all the same. NULL is allowed.
 */
HF_API int hf_session_close(struct hf_session *session, enum hf_close how,
			    struct hf_detail *detail);

/*
 * What a session is called and how it is kept. Each appends one record, durable on return
 * as an append is; errors as for hf_session_append. A closed session stays closed. A pinned
 * session is passed over by every clean-up. Tags replace those there were: words without
 * white space, commas and control characters, HF_ERR_INVALID otherwise.
 */
HF_API HF_MUST_USE int hf_session_rename(struct hf_session *session, const char *name,
					 struct hf_detail *detail);
HF_API HF_MUST_USE int hf_session_pin(struct hf_session *session, bool pinned,
				      struct hf_detail *detail);
HF_API HF_MUST_USE int hf_session_tag(struct hf_session *session, const char *const *tags,
				      size_t count, struct hf_detail *detail);

/* ---- Removing sessions ------------------------------------------------------- */

/*
 * Moves a session, whatever its verdict, to the trash; durable on return. A crash in
 * between leaves it in the one place or in the other, whole. Done already: HF_OK.
 * HF_ERR_BUSY: it is being written to. HF_ERR_NOTFOUND: it is in neither place.
 * HF_ERR_EXISTS: another session of this id is in the trash.
 */
HF_API HF_MUST_USE int hf_session_trash(struct hf_store *store, const char *id,
					struct hf_detail *detail);
/* Moves it back; the same the other way round. */
HF_API HF_MUST_USE int hf_session_restore(struct hf_store *store, const char *id,
					  struct hf_detail *detail);
/*
 * Removes a session for good, outside the trash or in it: log, head and lock file; durable
 * on return. Quarantined bytes stay. A crash in between leaves it removed or complete.
 * HF_ERR_BUSY: it is being written to. HF_ERR_NOTFOUND: it was not there.
 */
HF_API HF_MUST_USE int hf_session_delete(struct hf_store *store, const char *id,
					 struct hf_detail *detail);
/* The same for a session in the trash only. */
HF_API HF_MUST_USE int hf_session_purge(struct hf_store *store, const char *id,
					struct hf_detail *detail);

/*
 * Checks the whole log and mends what can be mended: a torn tail, and of the other bad
 * verdicts those whose bits (HF_ACCEPT) the caller gives, but for HF_KEY_MISSING, with
 * which nothing can be signed. What verifies is kept and gone on from; who accepts
 * HF_TAMPERED accepts HF_TRUNCATED too, and of a session whose head is missing besides,
 * HF_HEAD_MISSING must be accepted as well. Nothing is deleted: what is cut off goes to the
 * quarantine first, and a "repair" record says for ever what was found. An intact session
 * is left alone. With dry_run nothing is changed. The error of a verdict that is not
 * repaired is returned as such (HF_ERR_TAMPERED, ...), nothing changed; *ret_repair then
 * tells what was found.
 */
HF_API HF_MUST_USE int hf_session_repair(struct hf_store *store, const char *id, uint32_t accept,
					 bool dry_run, struct hf_detail *detail,
					 struct hf_repair *ret_repair);

/* ---- Reading sessions -------------------------------------------------------- */

/* One record: slices of the log, valid while its view is open. */
struct hf_record {
	uint64_t n;
	int64_t at_us;        /* microseconds since 1970-01-01 UTC */
	struct hf_slice at;   /* the same as text, 2026-11-22T23:54:13.123456Z */
	struct hf_slice type;
	struct hf_slice id;   /* empty if the record has none */
	struct hf_slice data; /* JSON */
	struct hf_slice line; /* the whole line without its line feed */
	uint64_t offset;      /* where the line begins in the log */
};

/* What a session is, folded from its records. Text is valid while its owner is open. */
struct hf_info {
	char id[HF_ID_SIZE];
	char key_id[HF_KEY_ID_SIZE];
	uint64_t generation;
	struct hf_slice name;    /* decoded text, newest "rename" */
	struct hf_slice project; /* decoded text, newest "relocate" */
	struct hf_slice first_words; /* start of the first message's text */
	int64_t created_us;
	int64_t updated_us;      /* time of the last record */
	uint64_t records;
	uint64_t messages;
	uint64_t bytes;          /* of the log */
	bool closed;             /* sealed, and nothing but labels was added since */
	bool weak;               /* signed with a weak key */
	bool pinned;             /* clean-ups pass it over */
	struct hf_slice tags;    /* with a space between */
};

/*
 * Checks a session and opens it for reading. The view is a snapshot: what is appended
 * later is not seen. A session with a bad verdict is opened too, and the view gives the
 * records that verify (of a session whose key is missing: the records that are well
 * formed); ask hf_view_check. A session in the trash can be read too. Uses memory for the
 * log's mapping and the tail that is not yet acknowledged, and a constant amount besides.
 * HF_ERR_NOTFOUND: no such session.
 */
HF_API HF_MUST_USE int hf_session_load(struct hf_store *store, const char *id,
				       struct hf_detail *detail, struct hf_view **ret_view);
HF_API void hf_view_close(struct hf_view *view);

/* The outcome of the check, and the folded session. Valid while the view is open. */
HF_API const struct hf_check *hf_view_check(const struct hf_view *view);
HF_API const struct hf_info *hf_view_info(const struct hf_view *view);
/* The newest todo list and configuration as JSON, and the origin of an import (empty if
 * there is none). */
HF_API struct hf_slice hf_view_todos(const struct hf_view *view);
HF_API struct hf_slice hf_view_config(const struct hf_view *view);
HF_API struct hf_slice hf_view_origin(const struct hf_view *view);

/* Steps through the records that verify, forwards and backwards: give a zeroed record to
 * start at the first (last) one. False: there are no more, *record is untouched. */
HF_API bool hf_view_next(const struct hf_view *view, struct hf_record *record);
HF_API bool hf_view_previous(const struct hf_view *view, struct hf_record *record);
/* Finds the first of the last count messages; a session with fewer gives its first
 * message. False: there is no message. Costs nothing for the records before it. */
HF_API bool hf_view_last(const struct hf_view *view, uint64_t count, struct hf_record *ret_record);

/* The progress of a long check: bytes done of bytes in all. Called from one thread. */
typedef void (*hf_progress_fn)(void *context, uint64_t done, uint64_t total);

/* Checks a session from its first byte to its last. HF_OK means the check was carried
 * out: the verdict is in ret_check. */
HF_API HF_MUST_USE int hf_session_verify(struct hf_store *store, const char *id,
					 hf_progress_fn progress, void *progress_context,
					 struct hf_detail *detail, struct hf_check *ret_check);

/* ---- Listing ----------------------------------------------------------------- */

/* X(name, value, text name): what a session is doing. */
#define HF_STATES(X)                                                                         \
	X(HF_ACTIVE, 0, "active")           /* somebody holds it for writing */                \
	X(HF_INTERRUPTED, 1, "interrupted") /* nobody holds it, and it was not closed */        \
	X(HF_CLOSED, 2, "closed")           /* nobody holds it, and it was */                   \
	X(HF_TRASHED, 3, "trashed")         /* in the trash */                                  \
	X(HF_UNKNOWN, 4, "unknown")         /* nobody holds it, and what it was cannot be read */

enum hf_state {
#define HF_STATE_VALUE(name, value, text) name = (value),
	HF_STATES(HF_STATE_VALUE)
#undef HF_STATE_VALUE
};

HF_API const char *hf_state_name(enum hf_state state);
/* Finds the state with a text name; false if there is none. */
HF_API bool hf_state_find(const char *name, enum hf_state *ret_state);

/* One session as a listing knows it: from its head, without reading its log; from the
 * ends of its log if the head does not tell. Info and state are of one moment. */
struct hf_entry {
	struct hf_info info;  /* slices are valid until the next call on the list */
	int error;            /* HF_OK, or why not all is known: HF_ERR_HEAD_MISSING, ... */
	enum hf_state state;
	bool active;          /* state is HF_ACTIVE */
	bool is_checked;      /* verify was asked for, and check is its outcome */
	struct hf_check check;
};

/* Which sessions to list. Zero or NULL leaves a member out; those given must all hold.
 * Of a damaged session only what is known of it can hold, so it is in every list that
 * names nothing it lacks. */
struct hf_list_options {
	const char *prefix;   /* of the id */
	const char *project;  /* an absolute path: where the project is, or once was */
	const char *name;     /* a part of the name, upper and lower case alike (in ASCII) */
	const char *tag;      /* one of its tags */
	uint32_t states;      /* bits 1u << enum hf_state; 0: all but HF_TRASHED */
	int64_t since_us;     /* last record at or after this time */
	int64_t before_us;    /* last record before this time */
	uint64_t limit;       /* so many at most */
	bool resumable;       /* not active, nor of a project that has an active session */
	bool verify;          /* check each one listed from its first byte to its last */
};

/*
 * Lists the sessions of a store, the one with the newest record first. Takes memory for
 * each that is listed. hf_list_next returns HF_OK, HF_ERR_NOTFOUND after the last one, or
 * an error of the listing itself; a damaged session is an entry with its error, never the
 * end. An empty store is an empty list; "permission denied" is HF_ERR_DENIED. Reads at
 * most some KiB of each session, however large it is, unless verify is set.
 * HF_ERR_INVALID: the project is not absolute.
 */
HF_API HF_MUST_USE int hf_list_open(struct hf_store *store, const struct hf_list_options *options,
				    struct hf_detail *detail, struct hf_list **ret_list);
HF_API HF_MUST_USE int hf_list_next(struct hf_list *list, struct hf_entry *ret_entry);
HF_API void hf_list_close(struct hf_list *list);

/*
 * Finds the one session that text stands for: its id, the beginning of its id (at least 4
 * characters), or its whole name; an id goes before a name. A session in the trash is found
 * by its whole id, or if no other is found. HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS.
 */
HF_API HF_MUST_USE int hf_session_find(struct hf_store *store, const char *text,
				       struct hf_detail *detail, char ret_id[HF_ID_SIZE]);
/* Finds the newest session outside the trash that is not active: of all (here is NULL), or
 * of the project that is the directory here, an absolute path, or else of the nearest
 * directory above it that is a project. HF_ERR_NOTFOUND. */
HF_API HF_MUST_USE int hf_session_find_last(struct hf_store *store, const char *here,
					    struct hf_detail *detail, char ret_id[HF_ID_SIZE]);

/* Who holds a session for writing. What is said of him is what he wrote, for people. */
struct hf_holder {
	bool is_held;
	int64_t pid;          /* 0: not known */
	char program[64];     /* "" as long as it is not known */
	char host[256];
	int64_t since_us;     /* 0: not known */
};

/* Asks the kernel whether somebody holds a session, and reads who that says he is.
 * HF_ERR_NOTFOUND: no such session. */
HF_API HF_MUST_USE int hf_session_who(struct hf_store *store, const char *id,
				      struct hf_detail *detail, struct hf_holder *ret_holder);

/* ---- Resuming ---------------------------------------------------------------- */

/* How a session is resumed. Zero means the default of each member. */
struct hf_resume_options {
	uint32_t timeout_ms;   /* how long to wait for another writer; 0: not at all */
	uint32_t accept;       /* bits of HF_ACCEPT: bad verdicts to go on from, as for a repair */
	const char *project;   /* the project's directory has moved here, an absolute path */
	bool one_per_project;  /* refuse while another session of the project is active */
	struct hf_repair *repair; /* NULL, or filled with what was found and repaired */
	hf_progress_fn progress;  /* of the check; NULL: none */
	void *progress_context;
};

/*
 * Goes on with a session: counts the attempt against the rate limit "resume", takes the
 * right to write, checks the whole log, repairs a torn tail, looks at the project's
 * directory, and appends a "resume" record (and before it a "relocate" record if the
 * project has moved). On return this is durable. The directory is looked at twice, at the
 * beginning and on an open descriptor at the end: device, inode, owner and mode must not
 * have changed in between. A session without a project has no directory to look at.
 *
 * *ret_view (unless it is NULL) is the session as it was checked and folded, before the
 * records that resuming appends; the caller closes it, before or after the session.
 *
 * Nothing is removed but a torn tail, or what follows the last good record of a session
 * whose verdict was accepted, and that goes to the quarantine first; a crash at any point
 * leaves the session to be resumed. Errors of hf_session_open, and
 * HF_ERR_RATE_LIMITED: detail->wait_ms says how long to wait. HF_ERR_PROJECT: the directory
 * is not there or is no directory. HF_ERR_PROJECT_CHANGED: it was replaced meanwhile.
 * HF_ERR_PROJECT_BUSY: with one_per_project, another session of it is active.
 */
HF_API HF_MUST_USE int hf_session_resume(struct hf_store *store, const char *id,
					 const struct hf_resume_options *options,
					 struct hf_detail *detail,
					 struct hf_session **ret_session,
					 struct hf_view **ret_view);

/* ---- Rate limits ------------------------------------------------------------- */

/*
 * Counts attempts at an operation (1 to 64 characters) for a key (1 to 1,024 bytes, such
 * as an id or an address), as the store's limits say. hf_limit_take checks and records in
 * one step, across all threads and processes that use the store; hf_limit_check and
 * hf_limit_record do one of both. A refused attempt is not recorded.
 *
 * HF_ERR_RATE_LIMITED: detail->wait_ms says when the same attempt will be admitted if no
 * other is made meanwhile. Time is that of the machine since it was started, so setting
 * the clock changes nothing; after a restart all windows are empty.
 *
 * What is recorded lies in one file of fixed size, for all keys together. It has room for
 * 4,096 attempts that have not expired. When it is full, every operation that would need
 * room is refused until the oldest expires: an attempt is never forgotten before its time,
 * so that inventing keys frees nobody; a global limit keeps anybody from filling it.
 * A damaged file is replaced, with a line in the log.
 * HF_ERR_BUSY: another process has held the file for seconds.
 */
HF_API HF_MUST_USE int hf_limit_take(struct hf_store *store, const char *operation,
				     const char *key, struct hf_detail *detail);
HF_API HF_MUST_USE int hf_limit_check(struct hf_store *store, const char *operation,
				      const char *key, struct hf_detail *detail);
HF_API HF_MUST_USE int hf_limit_record(struct hf_store *store, const char *operation,
				       const char *key, struct hf_detail *detail);

/* ---- Keys -------------------------------------------------------------------- */

enum hf_key_state {
	HF_KEY_CURRENT, /* signs new sessions */
	HF_KEY_WEAK,    /* the fallback while the secret cannot be read: anybody can forge it */
	HF_KEY_ABSENT,  /* there is no secret yet; the first session makes one */
	HF_KEY_CORRUPT, /* a damaged secret that was kept aside */
	HF_KEY_FOREIGN, /* of another store, whose sessions were brought here */
};

struct hf_key_info {
	char id[HF_KEY_ID_SIZE];  /* "" if it is not known */
	enum hf_key_state state;
	int error;                /* why a secret cannot be used, or HF_OK */
	uint32_t rounds;
	char host[256];           /* the host name pinned in the key file */
	char made[28];            /* when the secret was made, as text */
	char source[32];          /* where the key came from: "memory", "runtime cache", "derived" */
	char file[64];            /* the name of its file in the key directory */
	char store[HF_ID_SIZE];   /* foreign: the store that it belongs to; otherwise "" */
};

typedef void (*hf_key_fn)(void *context, const struct hf_key_info *key);

/* Tells of every key of the store, never the key itself. Makes nothing. */
HF_API HF_MUST_USE int hf_key_list(struct hf_store *store, hf_key_fn each, void *context,
				   struct hf_detail *detail);
/* Makes or reads the current key now, so that a later call need not wait for it. */
HF_API HF_MUST_USE int hf_key_prepare(struct hf_store *store, struct hf_detail *detail,
				      struct hf_key_info *ret_key);
/* Wipes the keys from this process and from the runtime directory. Open sessions keep
 * theirs. The next use derives them again. */
HF_API HF_MUST_USE int hf_key_drop(struct hf_store *store, struct hf_detail *detail);

/* ---- Looking after a store --------------------------------------------------- */

/* One finding of hf_store_examine. */
struct hf_finding {
	enum hf_log_level level;  /* HF_LOG_INFO: as it should be */
	const char *subject;      /* "permissions", "keys", "space", "files", "clock" */
	const char *text;         /* what was found and what to do; may hold file names */
};
typedef void (*hf_finding_fn)(void *context, const struct hf_finding *finding);

/* Looks at permissions, keys, free space and stale files of a store; changes nothing. */
HF_API HF_MUST_USE int hf_store_examine(struct hf_store *store, hf_finding_fn each, void *context,
					struct hf_detail *detail);

/* What to clean up. */
struct hf_cleanup_options {
	int64_t older_than_us; /* age of a session's last record from which on it goes */
	bool trash;            /* of the trash, for good, instead of into it */
	bool purge;            /* for good instead of into the trash */
	bool dry_run;          /* say only what would be done */
};

enum hf_cleanup_outcome { HF_CLEANUP_REMOVED, HF_CLEANUP_KEPT, HF_CLEANUP_FAILED };

/* What became of one session. */
struct hf_cleanup_item {
	const struct hf_entry *entry;
	enum hf_cleanup_outcome outcome;
	const char *reason; /* kept: "active", "pinned", "recent", "unreadable"; or "" */
	int error;          /* failed, or unreadable: why; otherwise HF_OK */
};
typedef void (*hf_cleanup_fn)(void *context, const struct hf_cleanup_item *item);

struct hf_cleanup {
	uint64_t removed;
	uint64_t kept;
	uint64_t failed;
	uint64_t removed_bytes; /* of the logs */
};

/*
 * Removes the sessions that have had no record for some time; only ever what is asked for
 * here. Active, pinned and unreadable sessions are kept, and a failure does not stop it.
 * Each session is told of (each may be NULL). Each removal is durable when it is told.
 */
HF_API HF_MUST_USE int hf_store_cleanup(struct hf_store *store,
					const struct hf_cleanup_options *options,
					hf_cleanup_fn each, void *context,
					struct hf_detail *detail, struct hf_cleanup *ret_cleanup);

/* ---- Configuration ----------------------------------------------------------- */

/*
 * Settings that people make: from a file of the user, the file "config" in the store, the
 * environment, and what a program is given, the later over the earlier. The files are INI
 * files of lines "key = value"; docs/CONFIGURATION.md lists the keys. In the environment
 * a key is in capitals after HOLDFAST_.
 */
struct hf_config;

/* One setting and where it came from. Text is valid while the configuration is. */
struct hf_setting {
	const char *key;
	const char *value;
	const char *standard;  /* what holds if nobody sets it */
	const char *help;      /* what it is, with its unit */
	const char *source;    /* "default", "file", "environment", "option" */
	const char *file;      /* NULL, or the file's path */
	unsigned line;
};
typedef void (*hf_setting_fn)(void *context, const struct hf_setting *setting);

/*
 * Reads the configuration for the store at store_path (NULL: none). The user's file is
 * $XDG_CONFIG_HOME/holdfast/config, or ~/.config/holdfast/config. A file that is not there
 * is empty. HF_ERR_CONFIG: a key is unknown or a value is not valid; detail->message says
 * in which file and line, or variable, and which key is nearest: it is made to be shown to
 * the user, who wrote that file.
 */
HF_API HF_MUST_USE int hf_config_load(const char *store_path, struct hf_detail *detail,
				      struct hf_config **ret_config);
HF_API void hf_config_free(struct hf_config *config);
/* Sets one over whatever was read. HF_ERR_CONFIG, as above. */
HF_API HF_MUST_USE int hf_config_set(struct hf_config *config, const char *key, const char *value,
				     struct hf_detail *detail);
/* Gives every setting, in the order of the documentation. */
HF_API void hf_config_each(const struct hf_config *config, hf_setting_fn each, void *context);
/* Fills in all members that a setting stands for; strings and limits are valid while the
 * configuration is. The others are left as they are. */
HF_API void hf_config_apply(const struct hf_config *config, struct hf_store_options *options);
/* The settings that are for whoever opens sessions. */
HF_API uint32_t hf_config_timeout_ms(const struct hf_config *config);
HF_API bool hf_config_one_per_project(const struct hf_config *config);

/* ---- Other agents' sessions ---------------------------------------------------- */

/* A format that sessions are imported from or exported to. All text is static. */
struct hf_format {
	const char *name;    /* "claude-code" */
	const char *title;   /* "Claude Code" */
	bool can_import;
	bool can_export;
	const char *places;  /* where its agent keeps sessions, for people; "" if nowhere */
	const char *suffix;  /* of an exported file, such as ".jsonl"; "" if it cannot be */
};

/* The formats, from 0 on; NULL after the last one. */
HF_API const struct hf_format *hf_format_get(size_t index);
/* Finds a format by its name; NULL if there is none. */
HF_API const struct hf_format *hf_format_find(const char *name);

enum hf_import_outcome {
	HF_IMPORT_NEW,       /* a session was made of it */
	HF_IMPORT_ADDED,     /* what was new in it was appended */
	HF_IMPORT_UNCHANGED, /* everything in it was here already */
	HF_IMPORT_REWRITTEN, /* it was rewritten since: its new state was appended, the old kept */
	HF_IMPORT_TRUNCATED, /* it has lost its end since; nothing was changed here */
	HF_IMPORT_SKIPPED,   /* not a session of a known format */
	HF_IMPORT_FAILED,    /* see error */
};

/* What became of one session of another agent. Text is valid during the call it is given to. */
struct hf_import_item {
	const char *path;    /* its file, or the directory or database it is in */
	const char *format;  /* "" if it was not recognised */
	const char *foreign; /* the id it has there; "" if it has none */
	char id[HF_ID_SIZE]; /* the session here; "" if there is none */
	enum hf_import_outcome outcome;
	int error;           /* HF_OK, or why it failed or was skipped */
	const char *message; /* the same for people, one line; "" if there is nothing to say */
	uint64_t records;    /* records of the source that were appended (or would be) */
	uint64_t messages;   /* messages among them */
	uint64_t bad;        /* torn, NUL-filled, glued and unparsable ones, all kept */
	uint64_t bytes;      /* of the source, read */
};

/* A record of a source that could not be understood, or whose view no record can hold ("too
 * long"). Its bytes are kept as they are. */
struct hf_import_note {
	const char *path;
	uint64_t line;       /* from 1; 0: the source has no lines */
	uint64_t offset;     /* of its first byte in the file */
	uint64_t size;
	const char *what;    /* "torn", "nul", "glued", "unparsable", "too long" */
};

/* How sessions are imported. Zero or NULL means the default of each member. The functions
 * are called from the calling thread, with context, and must not use the store. */
struct hf_import_options {
	const char *format;      /* NULL: recognised */
	bool dry_run;            /* say what would be done, change nothing; store may be NULL */
	bool allow_unsigned;     /* JidoCode: take what has no signature, and mark it for ever */
	const char *secret_path; /* JidoCode: its machine_secret; NULL: where that program keeps it */
	const char *host;        /* JidoCode: the host's name at signing; NULL: this machine's */
	const char *salt;        /* JidoCode: the application's salt; NULL: those it is built with */
	void (*item)(void *context, const struct hf_import_item *item);
	void (*note)(void *context, const struct hf_import_note *note);
	void (*progress)(void *context, uint64_t done, uint64_t total);
	void *context;
};

/* The sum of an import. */
struct hf_import {
	uint64_t outcomes[HF_IMPORT_FAILED + 1]; /* sessions by enum hf_import_outcome */
	uint64_t records;
	uint64_t messages;
	uint64_t bad;
	uint64_t bytes;
};

/*
 * Imports what is at path: one session's file, a database, or a directory with many, looked
 * through to its bottom. The path is kept, so it should be absolute. NULL: where the agent of
 * the format (or every agent) keeps its sessions, by its environment variables. Sources are
 * opened for reading only and never changed; symbolic links are not followed below path.
 *
 * Each session of the source becomes one session here. Its records keep the original bytes,
 * with a view of them that is the same for all formats (docs/INTERCHANGE.md). What is torn,
 * filled with NUL bytes, glued or otherwise not understood is kept as it is, told of by
 * note, and stops nothing. Importing again appends what is new. A session that was imported
 * is durable when its item is told. Memory is bounded whatever the source holds.
 *
 * *ret_import is filled whatever is returned. HF_OK: every session was imported, found
 * unchanged or skipped. Otherwise the error of the first that failed; the others were
 * imported all the same. HF_ERR_NOTFOUND: nothing is at
 * path. HF_ERR_FOREIGN: path is a file of no known format. HF_ERR_SIGNATURE, HF_ERR_UNSIGNED:
 * JidoCode's signature does not match, or there is none; HF_ERR_KEY_MISSING, _UNSAFE, _CORRUPT:
 * its secret is not there, no plain file, or no secret; HF_ERR_JSON: its file is damaged.
 * HF_ERR_LIBRARY: of a compressed file or a database.
 */
HF_API HF_MUST_USE int hf_import(struct hf_store *store, const char *path,
				 const struct hf_import_options *options,
				 struct hf_detail *detail, struct hf_import *ret_import);

/* ---- The conversation ------------------------------------------------------------ */

/*
 * The messages of a session as a person would read them: of an import whose messages form a
 * tree the current branch, less what was replaced, taken back or repeated; of any other
 * session every message. The view must stay open as long. Takes memory for each message, not
 * for its text.
 */
struct hf_transcript;
HF_API HF_MUST_USE int hf_transcript_open(const struct hf_view *view, struct hf_detail *detail,
					  struct hf_transcript **ret_transcript);
/* Steps to the next message of the branch; false: there is none, *ret_record is untouched. */
HF_API bool hf_transcript_next(struct hf_transcript *transcript, struct hf_record *ret_record);
/* Messages on the branch, and messages of the session that are not on it. */
HF_API uint64_t hf_transcript_count(const struct hf_transcript *transcript);
HF_API uint64_t hf_transcript_others(const struct hf_transcript *transcript);
/* Goes back before the first message. */
HF_API void hf_transcript_rewind(struct hf_transcript *transcript);
HF_API void hf_transcript_close(struct hf_transcript *transcript);

/* ---- Export ---------------------------------------------------------------------- */

/* How a session is exported. Zero or NULL means the default of each member. */
struct hf_export_options {
	const char *format;      /* of hf_format; "original": the bytes that were imported */
	bool convert;            /* convert also what was imported from the same format */
	bool redact;             /* replace secrets by markers that name their kind */
	const char *const *patterns; /* further secrets: POSIX extended regular expressions */
	size_t pattern_count;
	const char *secret_path; /* JidoCode: the machine_secret to sign with */
	const char *host;        /* JidoCode: the host's name to sign for; NULL: this machine's */
	const char *salt;        /* JidoCode: the application's salt; NULL: the usual one */
	/* Takes what is written, in order. file is NULL for the exported file itself, or the
	 * relative path of a file beside it. Not HF_OK: the export ends with that code. */
	int (*write)(void *context, const char *file, const char *data, size_t size);
	/* Told of what could not be carried over, once for each kind; may be NULL. */
	void (*note)(void *context, const char *what, uint64_t count);
	void *context;
};

/* What was exported. */
struct hf_export {
	uint64_t messages;
	uint64_t bytes;
	uint64_t redacted;       /* secrets that were replaced */
	bool original;           /* the bytes are those that were imported */
	char name[128];          /* what the format's agent would call the file */
};

/*
 * Exports a session. What was imported from the same format comes out with its original
 * bytes, unless they were to be redacted or converted; what was added since is converted and
 * put behind it where the format allows. HF_ERR_INVALID: no such format, a pattern that is
 * not valid, or no secret to sign with. HF_ERR_FOREIGN: "original" of a session that was not
 * imported. HF_ERR_LIBRARY: HTML needs a library. Errors of options->write.
 */
HF_API HF_MUST_USE int hf_export(struct hf_store *store, const struct hf_view *view,
				 const struct hf_export_options *options,
				 struct hf_detail *detail, struct hf_export *ret_export);

/* ---- Secrets in sessions --------------------------------------------------------- */

/* A secret that a scan has found. Text is valid during the call it is given to. */
struct hf_secret {
	const char *kind;        /* "github-token", "private-key", "high-entropy", "pattern", ... */
	const struct hf_record *record;
	char where[128];         /* the member of the record's data: "content[0].text" */
	uint64_t offset;         /* of the secret in that member's decoded text */
	uint64_t size;
	char preview[32];        /* its first characters, never all of it */
};

/* Finds secrets in the records of a session: keys of well-known providers, private keys,
 * bearer tokens, assigned passwords, long random strings, and the caller's own patterns.
 * HF_ERR_INVALID: a pattern is not valid. */
HF_API HF_MUST_USE int hf_scan(const struct hf_view *view, const char *const *patterns,
			       size_t pattern_count,
			       void (*each)(void *context, const struct hf_secret *secret),
			       void *context, struct hf_detail *detail, uint64_t *ret_count);

/* ---- Moving stores --------------------------------------------------------------- */

enum hf_bundle_outcome { HF_BUNDLE_TAKEN, HF_BUNDLE_SAME, HF_BUNDLE_FAILED };

/* One session of a bundle. */
struct hf_bundle_item {
	char id[HF_ID_SIZE];
	char key_id[HF_KEY_ID_SIZE]; /* whose key signed it */
	enum hf_bundle_outcome outcome;
	int error;                   /* why it failed, or HF_OK */
	const char *message;         /* the same for people; "" if there is nothing to say */
	enum hf_verdict verdict;     /* what it was, or is here; HF_KEY_MISSING without its key */
	uint64_t bytes;              /* of its log */
};

struct hf_bundle_options {
	bool dry_run;             /* unbundling: check and tell, change nothing */
	const char *key_path;     /* unbundling: the secret of the store it comes from, to trust it */
	int (*write)(void *context, const char *data, size_t size); /* bundling */
	/* Unbundling: reads at most size bytes; the count, 0 at the end, or an error code. */
	int64_t (*read)(void *context, char *data, size_t size);
	void (*item)(void *context, const struct hf_bundle_item *item);
	void (*progress)(void *context, uint64_t done, uint64_t total);
	void *context;
};

struct hf_bundle {
	uint64_t outcomes[HF_BUNDLE_FAILED + 1];
	uint64_t bytes;
};

/*
 * Writes sessions (ids NULL: all outside the trash), with their heads, what is quarantined of
 * them and their verdicts, into one compressed archive (pax format, zstd). No key is in it.
 * A session that cannot be read is left out, and its error returned at the end; the archive
 * is whole all the same. HF_ERR_LIBRARY; errors of options->write: the archive is of no use.
 * *ret_bundle (may be NULL) is filled whatever is returned; the same below.
 */
HF_API HF_MUST_USE int hf_bundle(struct hf_store *store, const char *const *ids, size_t count,
				 const struct hf_bundle_options *options,
				 struct hf_detail *detail, struct hf_bundle *ret_bundle);
/*
 * Takes in the sessions of a bundle, each under its own id and verified as far as the keys
 * here allow; what is damaged is refused, the rest is taken. A session that is here already
 * is left alone if it is the same, and otherwise refused (HF_ERR_EXISTS). One whose key is
 * not here is HF_KEY_MISSING: readable, checked against damage, and nothing can be appended.
 * With options->key_path the key is kept in the key directory, for the stores whose sessions
 * it has signed, and a session that neither it nor a key here has signed is refused
 * (HF_ERR_KEY_MISSING). HF_ERR_BUNDLE: the archive is damaged, incomplete or no bundle.
 * Otherwise the first session's error. Limits on new sessions hold as for hf_session_create.
 */
HF_API HF_MUST_USE int hf_unbundle(struct hf_store *store, const struct hf_bundle_options *options,
				   struct hf_detail *detail, struct hf_bundle *ret_bundle);

/* ---- JSON -------------------------------------------------------------------- */

/*
 * A small reader for the JSON in records: slices of the given text, nothing copied,
 * numbers never converted. The text must be valid, as all data in a log is; on any other
 * bytes it stays within them and finds nothing, or nonsense.
 */
/* Checks one JSON text as an append does. HF_ERR_JSON: ret_offset (may be NULL) says where. */
HF_API HF_MUST_USE int hf_json_check(struct hf_slice json, size_t *ret_offset);
/* Finds a member of an object; false if it is no object or has none of that name. */
HF_API bool hf_json_member(struct hf_slice object, const char *name, struct hf_slice *ret_value);
/* Steps through an array or an object: give *position = 0 to start. ret_name (may be NULL)
 * is the raw name with its quotes, empty in an array. */
HF_API bool hf_json_next(struct hf_slice container, size_t *position, struct hf_slice *ret_name,
			 struct hf_slice *ret_value);
/* Decodes a string with its quotes into UTF-8 with a NUL, at most size bytes, cut at a
 * character; a lone surrogate becomes U+FFFD. Returns the bytes the whole text takes
 * without NUL, or -1 if it is no string. */
HF_API int64_t hf_json_text(struct hf_slice string, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
