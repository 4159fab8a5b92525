/* SPDX-License-Identifier: MIT */
#include "lib/runner.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/scratch.h"

TCase *runner_cases(Suite *suite, const char *name, double seconds)
{
	TCase *cases = tcase_create(name);

	tcase_set_timeout(cases, seconds);
	suite_add_tcase(suite, cases);
	return cases;
}

int runner_run(Suite *suite)
{
	SRunner *runner;
	int failed;

	scratch_begin();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int runner_run_in_memory(Suite *suite)
{
	if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return runner_run(suite);
}
