/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_TERMINAL_H
#define MEMLUA_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/**
 * terminal_is() - is descriptor 0, 1 or 2 a terminal?
 * In the microVM: is it one on the host, which memlua.machine.way tells by MEMLUA_TERMINALS.
 */
bool terminal_is(int fd);

/** terminal_columns() - the width of descriptor 1 or 2 in characters; 0: no terminal, or it doesn't tell. */
unsigned int terminal_columns(int fd);

/** terminal_rows() - the same of its height in lines. */
unsigned int terminal_rows(int fd);

/** terminal_width() - how wide to write to 1 or 2: $COLUMNS, else the terminal's width, else 0 for as you like. */
unsigned int terminal_width(int fd);

/**
 * terminal_wrap() - write a text, broken at blanks so that no line exceeds a width; its own line breaks stay,
 * other control characters are written as "?".
 * @at: how many columns of the first line are in use already
 * @indent: blanks before each further line
 * @width: 0 for any
 */
void terminal_wrap(FILE *to, const char *text, unsigned int at, unsigned int indent,
		   unsigned int width);

#endif
