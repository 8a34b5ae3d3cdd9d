// SPDX-License-Identifier: GPL-2.0
/* The files of a cgroup, and the names of cgroups. */
#include "../../host/core/cgroup.h"
#include "../../host/core/cgroup_fs.h"
#include "../../host/core/error.h"
#include "../../host/core/keyed.h"
#include "../../host/core/own.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *cursor = text;
	const char *key;
	uint64_t value;

	cgroupfs_has_word(text, "memory");
	if (!cgroup_check_name(text, NULL))
		MUST(*text && *text != '/' && strcmp(text, "..") && !strstr(text, "/../"));
	if (own_is_name(text, "memlua-"))
		MUST(strlen(text) == strlen("memlua-") + OWN_DIGITS && !strchr(text, '/'));
	while (keyed_next(&cursor, &key, &value))
		MUST(key >= text && key + strlen(key) <= text + size);
	free(text);
	return 0;
}
