// SPDX-License-Identifier: GPL-2.0
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is(int fd)
{
	const char *terminals = getenv("MEMLUA_TERMINALS");

	return terminals ? strchr(terminals, '0' + fd) != NULL : isatty(fd);
}

static unsigned int number_in(const char *name)
{
	const char *value = getenv(name);
	int number = value ? atoi(value) : 0;

	return number > 0 ? number : 0;
}

static struct winsize size_of(int fd)
{
	struct winsize size = {0};

	if (!getenv("MEMLUA_TERMINALS")) {
		ioctl(fd, TIOCGWINSZ, &size); /* stays 0 where it fails */
	} else if (terminal_is(fd)) {
		size.ws_col = number_in("MEMLUA_COLUMNS");
		size.ws_row = number_in("MEMLUA_ROWS");
	}
	return size;
}

unsigned int terminal_columns(int fd)
{
	return size_of(fd).ws_col;
}

unsigned int terminal_rows(int fd)
{
	return size_of(fd).ws_row;
}

unsigned int terminal_width(int fd)
{
	unsigned int wanted = number_in("COLUMNS");

	return wanted ? wanted : terminal_columns(fd);
}

/* Characters, not bytes: those that continue one in UTF-8 don't count. */
static unsigned int characters(const char *text, size_t len)
{
	unsigned int n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* A name from elsewhere may hold commands for the terminal: controls of C0, DEL, and those of C1 in UTF-8. */
static void write_printable(FILE *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i], next = i + 1 < len ? text[i + 1] : 0;
		bool two = c == 0xc2 && next >= 0x80 && next < 0xa0;

		fputc((c < ' ' && c != '\t') || c == 0x7f || two ? '?' : c, to);
		i += two;
	}
}

void terminal_wrap(FILE *to, const char *text, unsigned int at, unsigned int indent,
		   unsigned int width)
{
	while (*text) {
		size_t blanks = strspn(text, " "), len = strcspn(text + blanks, " \n");
		unsigned int wide = blanks + characters(text + blanks, len);

		if (width && len && at > indent && at + wide > width) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
			wide -= blanks;
			text += blanks;
			blanks = 0;
		}
		write_printable(to, text, blanks + len);
		at += wide;
		text += blanks + len;
		if (*text == '\n') {
			fputc(*text++, to);
			at = 0;
		}
	}
}
