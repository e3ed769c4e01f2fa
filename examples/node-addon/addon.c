/* A parser that forgets a block and a descriptor, unless it is built with FIXED; and marks. */
#include <fcntl.h>
#include <leaktrace/mark.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 64

static napi_value begin(napi_env env, napi_callback_info info)
{
	napi_value argument;
	size_t count = 1, length;
	char name[NAME_BYTES] = "";

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	napi_get_value_string_utf8(env, argument, name, sizeof(name), &length);
	LEAKTRACE_BEGIN(name);
	return NULL;
}

static napi_value end(napi_env env, napi_callback_info info)
{
	(void)env;
	(void)info;
	LEAKTRACE_END();
	return NULL;
}

static napi_value parse(napi_env env, napi_callback_info info)
{
	napi_value argument, result;
	size_t count = 1, length = 0;
	char *line;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	napi_get_value_string_utf8(env, argument, NULL, 0, &length);
	line = malloc(length + 1);
	napi_get_value_string_utf8(env, argument, line, length + 1, &length);
	napi_get_boolean(env, strchr(line, '=') != NULL, &result);
#ifndef FIXED
	/* Leak: the line, when it is no setting. */
	if (!strchr(line, '='))
		return result;
#endif
	free(line);
	return result;
}

static napi_value open_log(napi_env env, napi_callback_info info)
{
	int fd = open("/dev/null", O_WRONLY);

	(void)env;
	(void)info;
#ifdef FIXED
	close(fd);
#endif
	(void)fd;
	return NULL;
}

NAPI_MODULE_INIT()
{
	const napi_property_descriptor properties[] = {
		{ "begin", NULL, begin, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "end", NULL, end, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "parse", NULL, parse, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "openLog", NULL, open_log, NULL, NULL, NULL, napi_enumerable, NULL },
	};

	napi_define_properties(env, exports, sizeof(properties) / sizeof(*properties), properties);
	return exports;
}
