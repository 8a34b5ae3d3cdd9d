// SPDX-License-Identifier: GPL-2.0
/* The kernel log: records, each ended by a NUL, of whatever kind and in whatever order. */
#include "../../host/core/oom.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oom_parser parser = {0};
	struct oom_event event = {0};

	for (size_t at = 0, len; at < size; at += len + 1) {
		const uint8_t *end = memchr(data + at, 0, size - at);
		char *record;

		len = end ? (size_t)(end - (data + at)) : size - at;
		record = fuzz_text(data + at, len);
		if (oom_parse(&parser, record, &event)) {
			MUST(event.comm && event.text);
			oom_event_clear(&event);
			memset(&event, 0, sizeof(event));
		}
		free(record);
	}
	oom_parser_clear(&parser);
	return 0;
}
