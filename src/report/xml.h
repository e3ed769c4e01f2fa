/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XML by libxml2's writer: its failures add up, names from a target are escaped. */
#ifndef LEAKTRACE_REPORT_XML_H
#define LEAKTRACE_REPORT_XML_H

#include <stdint.h>
#include <stdio.h>

#include <libxml/xmlwriter.h>

struct xml {
	xmlTextWriterPtr writer;
	int failed;
};

/* Returns 0 or -ENOMEM. */
int xml_begin(struct xml *xml, FILE *stream);
void xml_open(struct xml *xml, const char *name);
void xml_close(struct xml *xml);
void xml_attribute(struct xml *xml, const char *name, const char *value);
void xml_attribute_number(struct xml *xml, const char *name, uint64_t value);
void xml_text(struct xml *xml, const char *text);
/* <name>text</name>; a text of NULL gives nothing at all. */
void xml_element(struct xml *xml, const char *name, const char *text);
void xml_element_number(struct xml *xml, const char *name, uint64_t value);
/* Ends what is open. Returns 0, -ENOMEM or -errno of the stream. */
int xml_end(struct xml *xml, FILE *stream);

#endif
