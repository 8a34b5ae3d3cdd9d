/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lua's integers in C: 64 bits that wrap around, division and modulo that round down, shifts that take any count
 * (the reference manual, sections 3.4.1 and 3.4.2). Needs __s64, __u64 and __always_inline.
 *
 * Signed overflow is undefined in C and some BPF instruction sets divide unsigned numbers only, so all is done
 * with unsigned ones.
 */
#ifndef LUA_INTEGER_H
#define LUA_INTEGER_H

static __always_inline __s64 lua_add(__s64 a, __s64 b)
{
	return (__u64)a + (__u64)b;
}

static __always_inline __s64 lua_sub(__s64 a, __s64 b)
{
	return (__u64)a - (__u64)b;
}

static __always_inline __s64 lua_mul(__s64 a, __s64 b)
{
	return (__u64)a * (__u64)b;
}

static __always_inline __u64 lua_magnitude(__s64 a)
{
	return a < 0 ? -(__u64)a : (__u64)a;
}

/* a // b; b isn't 0 */
static __always_inline __s64 lua_idiv(__s64 a, __s64 b)
{
	__u64 x = lua_magnitude(a), y = lua_magnitude(b), quotient = x / y;

	if ((a < 0) == (b < 0))
		return quotient;
	return -(quotient + (x % y ? 1 : 0));
}

/* a % b; b isn't 0. The result has the sign of b. */
static __always_inline __s64 lua_mod(__s64 a, __s64 b)
{
	__u64 rest = lua_magnitude(a) % lua_magnitude(b);

	if (!rest)
		return 0;
	if (a < 0)
		rest = -rest;
	return (a < 0) == (b < 0) ? rest : rest + (__u64)b;
}

/* a << n; the other way for a negative n */
static __always_inline __s64 lua_shl(__s64 a, __s64 n)
{
	if (n <= -64 || n >= 64)
		return 0;
	return n >= 0 ? (__u64)a << n : (__u64)a >> -n;
}

/* a >> n, filling with zeros */
static __always_inline __s64 lua_shr(__s64 a, __s64 n)
{
	if (n <= -64 || n >= 64)
		return 0;
	return n >= 0 ? (__u64)a >> n : (__u64)a << -n;
}

static __always_inline __s64 lua_min(__s64 a, __s64 b)
{
	return b < a ? b : a;
}

static __always_inline __s64 lua_max(__s64 a, __s64 b)
{
	return a < b ? b : a;
}

#endif
