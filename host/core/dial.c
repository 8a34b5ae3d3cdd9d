// SPDX-License-Identifier: GPL-2.0
#include "dial.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"

static bool answers(int type, const void *address, socklen_t size)
{
	CLEANUP_CLOSE int fd =
		socket(((const struct sockaddr *)address)->sa_family, type | SOCK_CLOEXEC, 0);

	return fd >= 0 && !connect(fd, address, size);
}

bool dial_port(uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(port),
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	return answers(SOCK_STREAM, &v4, sizeof(v4)) || answers(SOCK_STREAM, &v6, sizeof(v6));
}

bool dial_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	strcpy(address.sun_path, path);
	return answers(SOCK_STREAM, &address, sizeof(address)) ||
	       answers(SOCK_SEQPACKET, &address, sizeof(address));
}
