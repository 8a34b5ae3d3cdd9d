// SPDX-License-Identifier: GPL-2.0
/* Sizes and durations as users write them. */
#include <math.h>

#include "../../host/core/error.h"
#include "../../host/core/units.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct error err = {0};
	uint64_t bytes = 0;
	double seconds = 0;

	if (!parse_size(text, &bytes, &err))
		MUST(bytes <= INT64_MAX);
	else
		MUST(err.code && *err.text);
	err.code = 0;
	if (!parse_duration(text, &seconds, &err))
		MUST(isfinite(seconds) && seconds >= 0);
	else
		MUST(err.code && *err.text);
	free(text);
	return 0;
}
