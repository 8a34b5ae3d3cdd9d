# SPDX-License-Identifier: GPL-2.0
# Included by the modules' Makefiles: which Makefile of the kernel's header package KDIR to use, in HEADERS_MAKEFILE.
#
# Debian splits its headers: KDIR's Makefile names its own folder and that of the -common package below /usr/src.
# Where the packages were extracted elsewhere, a copy of it takes its place that names them there.
PARENT := $(dir $(realpath $(KDIR)))
SPLIT := $(shell grep -s '^include /usr/src/' $(KDIR)/Makefile)
MOVED := $(if $(SPLIT),$(filter-out /usr/src/,$(PARENT)))
HEADERS_MAKEFILE := $(if $(MOVED),$(shell sed 's,/usr/src/,$(PARENT),g' $(KDIR)/Makefile > moved.mk)-f $(CURDIR)/moved.mk)
