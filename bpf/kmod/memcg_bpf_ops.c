// SPDX-License-Identifier: GPL-2.0
/*
 * The whole module as one translation unit. BPF takes the struct_ops type by its name from the module's BTF, where
 * it must stand once; from several units pahole 1.30 leaves a copy for each that knows the type differently.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "main.c"
#include "attach.c"
#include "debt.c"
#include "throttle.c"
#include "protect.c"
#include "struct_ops.c"
#include "hooks.c"
#include "lookup.c"
#include "kfuncs.c"
