// SPDX-License-Identifier: GPL-2.0
/* A tenant's memory trace before it is replayed: seconds, bytes and CPU share of each point, and the replay's speed. */
#include "../../host/core/error.h"
#include "../../host/core/worker.h"
#include "../../host/core/worker_child.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct worker_spec spec = {.kind = &worker_trace, .chunk = 1 << 20};
	size_t head = sizeof(spec.speed) + sizeof(spec.base);
	struct error err = {0};
	struct worker_point *points;

	if (size < head)
		return 0;
	memcpy(&spec.speed, data, sizeof(spec.speed));
	memcpy(&spec.base, data + sizeof(spec.speed), sizeof(spec.base));
	spec.npoints = (size - head) / sizeof(*points);
	points = malloc(spec.npoints * sizeof(*points) + 1);
	MUST(points);
	memcpy(points, data + head, spec.npoints * sizeof(*points));
	spec.points = points;
	if (!spec.kind->check(&spec, &err)) {
		MUST(spec.npoints && spec.speed > 0);
		for (size_t i = 1; i < spec.npoints; i++)
			MUST(points[i].seconds >= points[i - 1].seconds);
	} else {
		MUST(err.code && *err.text);
	}
	free(points);
	return 0;
}
