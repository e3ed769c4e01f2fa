/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbols/: which source of names is believed, the table inside a file, debug files from servers.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "symbols_fixture.h"

#define BUILD_ID "abcdef0123456789"

/* ---- symbol tables ------------------------------------------------------------------------- */

/* The caller of the hook in `function` gets this name; NULL: none. */
static void assert_named(const struct fixture *fixture, const char *function, const char *name)
{
	struct library library = library_call(fixture, "calls.so", function);
	struct snapshot *snapshot = name_library(fixture, &library, true);
	const struct frame *frame = frames_of(snapshot, 1);

	if (name) {
		assert_non_null(frame->function);
		assert_string_equal(frame->function, name);
	} else {
		assert_null(frame->function);
	}
	snapshot_free(snapshot);
	library_close(&library);
}

static void test_symtab_before_dynsym(void **state)
{
	const struct fixture *fixture = *state;

	fixture_text(fixture, "calls.c", calls_c);
	/* objcopy renames in .symtab alone. */
	fixture_run(fixture, "gcc -O2 -fPIC -shared -o calls.so calls.c && "
			     "objcopy --redefine-sym outer=of_symtab calls.so");
	assert_named(fixture, "outer", "of_symtab");
	fixture_run(fixture, "strip calls.so");
	assert_named(fixture, "outer", "outer");
}

/* calls.so, stripped, with a .gnu_debugdata in which `outer` is `of_mini`. */
static void build_mini(const struct fixture *fixture)
{
	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture,
		    "gcc -O2 -fPIC -shared -o whole.so calls.c && "
		    "objcopy --only-keep-debug --redefine-sym outer=of_mini whole.so mini && "
		    "xz -kf mini && strip -o bare.so whole.so && "
		    "objcopy --add-section .gnu_debugdata=mini.xz bare.so calls.so");
}

static void test_mini_debug(void **state)
{
	const struct fixture *fixture = *state;

	build_mini(fixture);
	assert_named(fixture, "calls_hidden", "hidden");
	assert_named(fixture, "outer", "of_mini");
	/* A .symtab goes before it. */
	fixture_run(fixture, "objcopy --redefine-sym outer=of_symtab "
			     "--add-section .gnu_debugdata=mini.xz whole.so calls.so");
	assert_named(fixture, "outer", "of_symtab");
	fixture_run(fixture, "cp bare.so calls.so");
	assert_named(fixture, "calls_hidden", NULL);
}

static void test_mini_debug_damaged(void **state)
{
	static const char *const makes[] = {
		"head -c 300 mini.xz >data",			    /* cut */
		"head -c 3000 /dev/urandom >data",		    /* not xz */
		"cp calls.c data && xz -f data && mv data.xz data", /* not ELF */
		": >data && xz -f data && mv data.xz data",	    /* nothing */
		/* Unfolds to more than is taken: 65 MB, the ELF file at its begin. */
		"(cat mini; head -c 65M /dev/zero) | xz -0 >data",
	};
	const struct fixture *fixture = *state;

	build_mini(fixture);
	for (size_t i = 0; i < sizeof(makes) / sizeof(*makes); i++) {
		fixture_run(fixture,
			    "%s && rm calls.so && "
			    "objcopy --add-section .gnu_debugdata=data bare.so calls.so",
			    makes[i]);
		assert_named(fixture, "calls_hidden", NULL);
		assert_named(fixture, "outer", "outer");
	}
	/* The same just below the bound. */
	fixture_run(fixture, "(cat mini; head -c 60M /dev/zero) | xz -0 >data && rm calls.so && "
			     "objcopy --add-section .gnu_debugdata=data bare.so calls.so");
	assert_named(fixture, "calls_hidden", "hidden");
}

/* ---- servers --------------------------------------------------------------------------------- */

/* A cache of its own: the library also remembers what it did not find. */
static void use_servers(const struct fixture *fixture, const char *urls)
{
	fixture_run(fixture, "rm -rf cache");
	setenv("DEBUGINFOD_CACHE_PATH", fixture_path(fixture, "cache"), 1);
	setenv("DEBUGINFOD_TIMEOUT", "1", 1);
	setenv("no_proxy", "127.0.0.1", 1);
	if (urls)
		setenv("DEBUGINFOD_URLS", urls, 1);
	else
		unsetenv("DEBUGINFOD_URLS");
}

static int server_teardown(void **state)
{
	fixture_run(*state, "if [ -s server.pid ]; then kill $(cat server.pid); fi");
	use_servers(*state, NULL);
	return fixture_teardown(state);
}

/* Bound to a free port of the loopback and listening, so that nobody else gets it. */
static int listen_anywhere(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* Waits until the server gives the debug file; `timeout` ends it should the test die. */
static void start_server(const struct fixture *fixture, const char *command, int port)
{
	fixture_text(fixture, "await.py",
		     "import sys, time, urllib.request\n"
		     "for _ in range(600):\n"
		     "    try:\n"
		     "        urllib.request.urlopen(sys.argv[1], timeout=5).read()\n"
		     "        sys.exit(0)\n"
		     "    except OSError:\n"
		     "        time.sleep(0.1)\n"
		     "sys.exit('the server did not start')\n");
	fixture_run(fixture, "{ timeout 120 %s >server.log 2>&1 & echo $! >server.pid; }", command);
	fixture_run(fixture,
		    "/usr/bin/python3 await.py "
		    "http://127.0.0.1:%d/buildid/" BUILD_ID "/debuginfo",
		    port);
}

static void skip_without(const char *check, const char *cause)
{
	if (system(check) == 0)
		return;
	print_message("skipped: %s\n", cause);
	skip();
}

static void skip_without_library(void)
{
	void *handle = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_NODELETE);

	if (handle) {
		dlclose(handle);
		return;
	}
	print_message("skipped: libdebuginfod is not installed\n");
	skip();
}

static void test_debuginfod(void **state)
{
	const struct fixture *fixture = *state;
	char command[256], urls[64];
	int port, fd;

	skip_without_library();
	skip_without("command -v debuginfod >/dev/null", "debuginfod is not installed");
	build_stripped(fixture);
	fixture_run(fixture, "mkdir served && mv calls.debug served");
	fd = listen_anywhere(&port);
	close(fd);
	snprintf(command, sizeof(command), "debuginfod -v -d server.db -p %d -F served", port);
	snprintf(urls, sizeof(urls), "http://127.0.0.1:%d/", port);
	start_server(fixture, command, port);

	use_servers(fixture, NULL);
	assert_named(fixture, "calls_hidden", NULL);
	use_servers(fixture, "");
	assert_named(fixture, "calls_hidden", NULL);
	assert_int_not_equal(access(fixture_path(fixture, "cache"), F_OK), 0);
	use_servers(fixture, urls);
	assert_named(fixture, "calls_hidden", "hidden");
	/* What was fetched once counts only as long as the user asks for it. */
	unsetenv("DEBUGINFOD_URLS");
	assert_named(fixture, "calls_hidden", NULL);
}

static void count_requests(const struct fixture *fixture, int expected)
{
	fixture_run(fixture, "test $(grep -c 'GET .*" BUILD_ID "' server.log) = %d", expected);
}

static void test_server_after_local_files(void **state)
{
	const struct fixture *fixture = *state;
	char command[256], urls[64];
	int port, fd;

	skip_without_library();
	build_stripped(fixture);
	fixture_run(fixture, "mkdir -p served/buildid/" BUILD_ID " && "
			     "cp calls.debug served/buildid/" BUILD_ID "/debuginfo");
	fd = listen_anywhere(&port);
	close(fd);
	snprintf(command, sizeof(command),
		 "/usr/bin/python3 -u -m http.server --bind 127.0.0.1 -d served %d", port);
	snprintf(urls, sizeof(urls), "http://127.0.0.1:%d/", port);
	start_server(fixture, command, port);
	count_requests(fixture, 1);

	fixture_run(fixture, "cp calls.debug debug/.build-id/ab/cdef0123456789.debug");
	use_servers(fixture, urls);
	assert_named(fixture, "calls_hidden", "hidden");
	count_requests(fixture, 1);
	fixture_run(fixture, "rm debug/.build-id/ab/cdef0123456789.debug");
	assert_named(fixture, "calls_hidden", "hidden");
	count_requests(fixture, 2);
	/* A server's word that a file is the one asked for is not taken. */
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -Wl,--build-id=0xabcdef0123456788 "
			     "-o served/buildid/" BUILD_ID "/debuginfo calls.c");
	use_servers(fixture, urls);
	assert_named(fixture, "calls_hidden", NULL);
	count_requests(fixture, 3);
}

/* A server that takes the question and never answers holds up a report once. */
static void test_silent_server(void **state)
{
	const struct fixture *fixture = *state;
	struct symbols *symbols = new_symbols(fixture, true);
	struct library library;
	struct snapshot *snapshot;
	int port, fd, asked = 0, connection;
	char urls[64], request[1024];

	skip_without_library();
	build_stripped(fixture);
	fixture_run(fixture, "gcc -O2 -fPIC -s -shared -Wl,--build-id=0xabcdef0123456700 "
			     "-o other.so calls.c");
	fd = listen_anywhere(&port);
	snprintf(urls, sizeof(urls), "http://127.0.0.1:%d/", port);
	use_servers(fixture, urls);
	for (int i = 0; i < 2; i++) {
		library = library_call(fixture, i ? "other.so" : "calls.so", "outer");
		snapshot = snapshot_of(&library.map, &library.ip, 1);
		assert_int_equal(symbols_resolve(symbols, snapshot), 0);
		assert_string_equal(frames_of(snapshot, 1)->function, "outer");
		snapshot_free(snapshot);
		library_close(&library);
	}
	/* The library may try again by itself, or connect and say nothing. */
	while ((connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		ssize_t length = read(connection, request, sizeof(request) - 1);

		close(connection);
		if (length <= 0)
			continue;
		request[length] = '\0';
		assert_non_null(strstr(request, BUILD_ID));
		asked++;
	}
	assert_int_not_equal(asked, 0);
	close(fd);
	symbols_free(symbols);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define SERVER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, server_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_symtab_before_dynsym),
		CASE(test_mini_debug),
		CASE(test_mini_debug_damaged),
		SERVER_CASE(test_debuginfod),
		SERVER_CASE(test_server_after_local_files),
		SERVER_CASE(test_silent_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
