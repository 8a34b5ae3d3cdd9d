// SPDX-License-Identifier: GPL-2.0
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* strtod() also takes "inf", "nan" and hexadecimal, none of which is a quantity. */
static int parse_number(const char *text, double *value, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return -1;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return -1;
	*value = strtod(text, &end);
	*rest = end;
	return end == text ? -1 : 0;
}

static double size_unit(const char *unit)
{
	static const char letters[] = "KMGT";
	const char *letter;

	if (!*unit || !strcmp(unit, "B"))
		return 1;
	letter = strchr(letters, toupper((unsigned char)*unit));
	if (!letter)
		return 0;
	unit++;
	if (*unit && strcmp(unit, "B") && strcmp(unit, "iB"))
		return 0;
	return ldexp(1, 10 * (int)(letter - letters + 1));
}

int parse_size(const char *text, uint64_t *bytes, struct error *err)
{
	const char *unit;
	double value, scale;

	if (parse_number(text, &value, &unit) || !(scale = size_unit(unit)))
		return error_set(err, EINVAL,
				 "%s: not a size; write bytes, or 512M, 1.5G (binary K M G T)",
				 text);
	if (scale == 1 && value != floor(value))
		return error_set(err, EINVAL,
				 "%s: a fraction of a byte; write whole bytes, or 1.5M", text);
	if (!(value * scale < 9223372036854775807.0))
		return error_set(err, ERANGE, "%s: too large a size", text);
	*bytes = (uint64_t)(value * scale);
	return 0;
}

int parse_duration(const char *text, double *seconds, struct error *err)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"", 1},   {"s", 1},    {"ms", 1e-3}, {"us", 1e-6},
		     {"m", 60}, {"min", 60}, {"h", 3600}};
	const char *unit;
	double value;

	if (!parse_number(text, &value, &unit))
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (!strcmp(unit, units[i].name) && isfinite(value * units[i].seconds)) {
				*seconds = value * units[i].seconds;
				return 0;
			}
	return error_set(err, EINVAL, "%s: not a duration; write seconds, or 1.5s, 200ms, 2m",
			 text);
}
