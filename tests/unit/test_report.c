/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports of known snapshots against tests/golden (LEAKTRACE_UPDATE_GOLDEN=1
 * writes those files anew), and the JSON against the fields of its schema.
 */
#include "golden.h"

#include <jansson.h>

#include "analyze/findings.h"
#include "analyze/verdict.h"
#include "report/report.h"

typedef int report_function(const struct findings *, const struct verdict *,
			    const struct report_style *, FILE *);

/* Returns the report, to be freed. Frees the snapshot. */
static char *render(report_function *report, struct snapshot *snapshot,
		    const struct finding_filter *filter, const struct report_style *style)
{
	struct findings *findings = findings_new(snapshot, filter);
	struct verdict *verdict = verdict_new(findings, NULL);
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(findings);
	assert_non_null(verdict);
	assert_non_null(stream);
	assert_int_equal(report(findings, verdict, style, stream), 0);
	fclose(stream);
	verdict_free(verdict);
	findings_free(findings);
	snapshot_free(snapshot);
	return text;
}

static struct snapshot *single(void)
{
	struct snapshot *snapshot = fixture_snapshot();

	fixture_leaking(snapshot, 1234);
	return snapshot;
}

static struct snapshot *clean(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1234, "demo");

	process->totals[KIND_HEAP] = (struct totals){ .acquired_count = 10,
						      .acquired_bytes = 1000,
						      .released_count = 10,
						      .released_bytes = 1000,
						      .peak_bytes = 500 };
	return snapshot;
}

static struct snapshot *clean_but_lost(void)
{
	struct snapshot *snapshot = clean();

	snapshot->losses[LOSS_EVENTS] = 3;
	return snapshot;
}

static struct snapshot *unmeasured(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1234, "gotool");

	process->measured = false;
	process->unmeasured_reason = strings_intern(snapshot->strings, "a Go program");
	return snapshot;
}

/* Names that try to drive the terminal, and ones that are no UTF-8. */
static struct snapshot *hostile(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1234, "\033[2J\xff");

	process->exe = strings_intern(snapshot->strings, "/tmp/\xe2\x80\xae"
							 "a\nb/\xc3\xa9");
	fixture_site(process,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME_AT("f\033]0;x\007", 1,
						   "/tmp/\xc2\x9b"
						   "1m",
						   "a\x80.c", 3, false))),
		     1, 10, 0);
	process_sum_totals(process, 0);
	return snapshot;
}

static struct snapshot *crowd(void)
{
	struct snapshot *snapshot = fixture_snapshot();

	for (uint32_t i = 0; i < 25; i++) {
		struct process *process = fixture_process(snapshot, 200 + i, "worker");

		if (i % 5)
			continue;
		fixture_site(process, SITE_NO_STACK, 1, 100 + i, 0);
		process_sum_totals(process, 0);
	}
	return snapshot;
}

/* A site of another kind than heap, in `function`; `names` of its resources, NULL: none. */
static void add_kind(struct snapshot *snapshot, struct process *process, const char *function,
		     enum kind kind, enum role role, size_t count, uint64_t size, const char *name)
{
	uint32_t stack = fixture_stack(snapshot, process, FRAMES(FRAME(function, 7, "/bin/demo")));
	struct site *site = fixture_site(process, stack, count, size, 0);

	site->kind = kind;
	site->role = role;
	for (size_t i = 0; i < site->live_count; i++) {
		site->live[i].id = kind == KIND_FD ? 3 + i : 4096 * (i + 1);
		site->live[i].name = strings_intern(snapshot->strings, name);
	}
}

/* One of everything, with names that try to drive the terminal. */
static struct snapshot *kinds(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1234, "demo");

	snapshot->kinds[KIND_CUSTOM] = (struct kind_info){
		"stream",   "open stream", "open streams", false,
		"acquired", "released",	   "handle",	   true,
	};
	snapshot->kind_count = KIND_CUSTOM + 1;
	for (int kind = 0; kind <= KIND_CUSTOM; kind++)
		snapshot->traced[kind] = kind != KIND_PAGES;
	add_kind(snapshot, process, "leak", KIND_HEAP, ROLE_HELD, 2, 100, NULL);
	add_kind(snapshot, process, "map", KIND_MMAP, ROLE_HELD, 1, 8192, "/tmp/\033[2Jdata");
	add_kind(snapshot, process, "arena", KIND_MMAP, ROLE_ALLOCATOR, 2, 1 << 20, NULL);
	add_kind(snapshot, process, "open", KIND_FD, ROLE_HELD, 6, 0, "tcp 127.0.0.1:80 LISTEN");
	add_kind(snapshot, process, "open", KIND_FD, ROLE_INHERITED, 1, 0, "/dev/null");
	add_kind(snapshot, process, "start", KIND_THREAD, ROLE_UNJOINED, 1, 8 << 20, "worker");
	add_kind(snapshot, process, "start", KIND_THREAD, ROLE_RUNNING, 1, 8 << 20, "sleeper");
	add_kind(snapshot, process, "fopen_all", KIND_CUSTOM, ROLE_HELD, 3, 0, NULL);
	process->brk_bytes = 135168;
	process_sum_totals(process, 0);
	return snapshot;
}

static struct site *add_class(struct snapshot *snapshot, struct process *process,
			      const char *function, enum leak_class leak_class, size_t count,
			      uint64_t size)
{
	struct site *site = fixture_site(
		process,
		fixture_stack(snapshot, process,
			      FRAMES(FRAME_AT(function, 7, "/bin/demo", "/src/demo.c", 12, false))),
		count, size, 0);

	site->leak_class = leak_class;
	return site;
}

/* A lost block that holds others, one of each other class, one that came too late for one. */
static struct snapshot *classes(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1234, "demo");
	struct held *held;

	add_class(snapshot, process, "lose", CLASS_DEFINITE, 1, 100);
	add_class(snapshot, process, "node", CLASS_INDIRECT, 7, 64);
	add_class(snapshot, process, "middle", CLASS_POSSIBLE, 2, 40);
	add_class(snapshot, process, "keep", CLASS_REACHABLE, 3, 1000);
	add_class(snapshot, process, "late", CLASS_UNCLASSIFIED, 1, 10);
	held = site_add_held(&process->sites[0]);
	assert_non_null(held);
	*held = (struct held){ 1, 7, 448 };
	process->scan = (struct memory_scan){ SCAN_DONE, NULL, SECOND_NS, 12000000, 4096, 13 };
	process_sum_totals(process, 0);
	return snapshot;
}

static struct snapshot *not_scanned(void)
{
	struct snapshot *snapshot = single();

	snapshot->processes[0].scan.state = SCAN_FAILED;
	snapshot->processes[0].scan.reason =
		strings_intern(snapshot->strings, "it was killed by a signal");
	return snapshot;
}

static struct snapshot *nothing_lost(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1234, "demo");

	add_class(snapshot, process, "keep", CLASS_REACHABLE, 3, 1000);
	process->scan.state = SCAN_DONE;
	process_sum_totals(process, 0);
	return snapshot;
}

#define LOST (1U << CLASS_DEFINITE | 1U << CLASS_POSSIBLE)

static const struct golden_case {
	const char *name;
	report_function *report;
	struct snapshot *(*snapshot)(void);
	struct report_style style;
	struct finding_filter filter;
} cases[] = {
	{ "single.txt", report_text, single, { false, 0, 0 }, { 0 } },
	{ "single_verbose.txt", report_text, single, { false, 1, 0 }, { 0 } },
	{ "single_colour.txt", report_text, single, { true, 0, 0 }, { 0 } },
	{ "single_top.txt", report_text, single, { false, 0, 0 }, { .top = 1 } },
	{ "filtered_out.txt", report_text, single, { false, 0, 0 }, { .min_size = 1000000 } },
	{ "many.txt", report_text, fixture_many, { false, 0, 0 }, { 0 } },
	{ "many_verbose.txt", report_text, fixture_many, { false, 1, 0 }, { 0 } },
	{ "crowd.txt", report_text, crowd, { false, 0, 0 }, { 0 } },
	{ "clean.txt", report_text, clean, { false, 0, 0 }, { 0 } },
	{ "clean_but_lost.txt", report_text, clean_but_lost, { true, 0, 0 }, { 0 } },
	{ "unmeasured.txt", report_text, unmeasured, { false, 0, 0 }, { 0 } },
	{ "empty.txt", report_text, fixture_snapshot, { false, 0, 0 }, { 0 } },
	{ "hostile.txt", report_text, hostile, { false, 1, 0 }, { 0 } },
	{ "kinds.txt", report_text, kinds, { false, 0, 0 }, { 0 } },
	{ "kinds_verbose.txt", report_text, kinds, { false, 1, 0 }, { .min_size = 5000 } },
	{ "classes.txt", report_text, classes, { false, 0, 0 }, { .classes = LOST } },
	{ "classes_all.txt", report_text, classes, { true, 1, 0 }, { .classes = CLASSES_ALL } },
	{ "classes.json", report_json, classes, { false, 0, 1 }, { .classes = LOST } },
	{ "not_scanned.txt", report_text, not_scanned, { false, 0, 0 }, { .classes = LOST } },
	{ "nothing_lost.txt", report_text, nothing_lost, { false, 0, 0 }, { .classes = LOST } },
	{ "kinds.json", report_json, kinds, { false, 0, 2 }, { 0 } },
	{ "single.json", report_json, single, { false, 0, 3 }, { 0 } },
	{ "many.json", report_json, fixture_many, { false, 0, 0 }, { .top = 1 } },
	{ "unmeasured.json", report_json, unmeasured, { false, 0, 3 }, { 0 } },
	{ "hostile.json", report_json, hostile, { false, 0, 3 }, { 0 } },
};

static void test_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_golden(cases[i].name, render(cases[i].report, cases[i].snapshot(),
						   &cases[i].filter, &cases[i].style));
}

static json_t *json_of(struct snapshot *snapshot, const struct finding_filter *filter,
		       size_t max_resources)
{
	struct report_style style = { .max_resources = max_resources };
	char *text = render(report_json, snapshot, filter, &style);
	json_error_t error;
	json_t *root = json_loads(text, 0, &error);

	if (!root)
		fail_msg("%s at line %d", error.text, error.line);
	free(text);
	return root;
}

/* The first letter is the type: string, integer, boolean, object, array; ? allows null. */
static void check_fields(json_t *object, const char *const *fields)
{
	static const struct {
		char letter;
		json_type type;
	} types[] = {
		{ 's', JSON_STRING }, { 'i', JSON_INTEGER }, { 'b', JSON_TRUE },
		{ 'o', JSON_OBJECT }, { 'a', JSON_ARRAY },
	};

	for (; *fields; fields++) {
		bool nullable = (*fields)[1] == '?';
		const char *name = *fields + 1 + nullable;
		json_t *value = json_object_get(object, name);
		bool right = nullable && json_is_null(value);

		for (size_t i = 0; value && i < sizeof(types) / sizeof(types[0]); i++)
			if (types[i].letter == **fields)
				right |= json_typeof(value) == types[i].type ||
					 (**fields == 'b' && json_is_false(value));
		if (!right)
			fail_msg("field %s is missing or of a wrong type", name);
	}
}

#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void check_site(json_t *site)
{
	json_t *part;
	size_t i;

	check_fields(site, FIELDS("skind", "srole", "sclass", "ilive_count", "ilive_bytes",
				  "iacquired_count", "iacquired_bytes", "ilost_count", "ifirst_ns",
				  "ilast_ns", "btruncated", "bgrowing", "aresources", "astack"));
	json_array_foreach(json_object_get(site, "resources"), i, part)
		check_fields(part, FIELDS("saddress", "isize", "iage_ns", "s?name"));
	json_array_foreach(json_object_get(site, "stack"), i, part)
		check_fields(part, FIELDS("sip", "s?function", "ioffset", "s?module", "s?build_id",
					  "s?file", "i?line", "binlined"));
}

static void test_json_has_the_schemas_fields(void **state)
{
	const struct finding_filter filter = { 0 };
	json_t *root = json_of(fixture_many(), &filter, 2), *process, *site;
	size_t i, j;

	(void)state;
	check_fields(root, FIELDS("sschema", "sleaktrace", "skernel", "a?command", "sstarted",
				  "iduration_ns", "sverdict", "areasons", "aprocesses", "olosses"));
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "leaktrace/1");
	assert_string_equal(json_string_value(json_object_get(root, "started")),
			    "2023-11-14T22:13:20.123Z");
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 5);
	json_array_foreach(json_object_get(root, "processes"), i, process)
	{
		check_fields(process,
			     FIELDS("ipid", "ippid", "iimage", "scomm", "s?exe", "sended", "o?exit",
				    "bmeasured", "s?unmeasured_reason", "iunmatched_releases",
				    "ibrk_bytes", "ototals", "asites"));
		for (int kind = 0; kind <= KIND_HEAP; kind++)
			check_fields(json_object_get(json_object_get(process, "totals"),
						     kind_table[kind].name),
				     FIELDS("iacquired_count", "iacquired_bytes", "ireleased_count",
					    "ireleased_bytes", "ilive_count", "ilive_bytes",
					    "ipeak_bytes"));
		json_array_foreach(json_object_get(process, "sites"), j, site) check_site(site);
	}
	for (int loss = 0; loss < LOSS_COUNT; loss++)
		assert_true(json_is_integer(
			json_object_get(json_object_get(root, "losses"), loss_table[loss].name)));
	json_decref(root);
}

static void test_json_ends(void **state)
{
	static const struct {
		const char *ended;
		const char *key;
		int value;
	} ends[] = {
		{ "exec", NULL, 0 },	   { "running", NULL, 0 },	 { "exited", "status", 0 },
		{ "exited", "status", 0 }, { "signaled", "signal", 11 },
	};
	const struct finding_filter filter = { 0 };
	json_t *root = json_of(fixture_many(), &filter, 0), *process;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "processes"), i, process)
	{
		json_t *end = json_object_get(process, "exit");

		assert_string_equal(json_string_value(json_object_get(process, "ended")),
				    ends[i].ended);
		if (ends[i].key)
			assert_int_equal(json_integer_value(json_object_get(end, ends[i].key)),
					 ends[i].value);
		else
			assert_true(json_is_null(end));
	}
	json_decref(root);
}

static void test_json_lists_only_what_passes(void **state)
{
	/* Of blocks born 1 to 5 s after the start, looked at after 10 s. */
	const struct finding_filter filter = { .min_size = 1000, .min_age_ns = 7 * SECOND_NS };
	json_t *root = json_of(single(), &filter, 2), *process, *site, *resources;

	(void)state;
	process = json_array_get(json_object_get(root, "processes"), 0);
	assert_int_equal(json_array_size(json_object_get(process, "sites")), 1);
	site = json_array_get(json_object_get(process, "sites"), 0);
	assert_int_equal(json_integer_value(json_object_get(site, "live_count")), 3);
	resources = json_object_get(site, "resources");
	assert_int_equal(json_array_size(resources), 2);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(resources, 0), "age_ns")),
		9 * SECOND_NS);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(resources, 1), "age_ns")),
		8 * SECOND_NS);
	json_decref(root);
}

static void test_json_keeps_any_bytes_valid(void **state)
{
	const struct finding_filter filter = { 0 };
	json_t *root = json_of(hostile(), &filter, 1);
	json_t *process = json_array_get(json_object_get(root, "processes"), 0);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(process, "comm")), "\033[2J\\xff");
	assert_string_equal(json_string_value(json_object_get(process, "exe")), "/tmp/\xe2\x80\xae"
										"a\nb/\xc3\xa9");
	json_decref(root);
}

static void test_a_full_device_is_an_error(void **state)
{
	static report_function *const reports[] = { report_text, report_json };
	struct snapshot *snapshot = single();
	const struct finding_filter filter = { 0 };
	const struct report_style style = { 0 };
	struct findings *findings = findings_new(snapshot, &filter);
	struct verdict *verdict = verdict_new(findings, NULL);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		assert_int_equal(reports[i](findings, verdict, &style, full), -ENOSPC);
		fclose(full);
	}
	verdict_free(verdict);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_text_holds_no_control_character(void **state)
{
	const struct finding_filter filter = { 0 };
	const struct report_style style = { .verbosity = 1 };
	char *text = render(report_text, hostile(), &filter, &style);

	(void)state;
	for (const char *at = text; *at; at++)
		if (((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f)
			fail_msg("control character %#x", *at);
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\xe2\x80\xae"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_json_has_the_schemas_fields),
		cmocka_unit_test(test_json_ends),
		cmocka_unit_test(test_json_lists_only_what_passes),
		cmocka_unit_test(test_json_keeps_any_bytes_valid),
		cmocka_unit_test(test_a_full_device_is_an_error),
		cmocka_unit_test(test_text_holds_no_control_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
