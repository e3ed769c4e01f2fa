/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/xml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/escape.h"

#define NUMBER_BYTES 24

static void note(struct xml *xml, int result)
{
	xml->failed |= result < 0;
}

int xml_begin(struct xml *xml, FILE *stream)
{
	xmlOutputBufferPtr buffer = xmlOutputBufferCreateFile(stream, NULL);

	*xml = (struct xml){ .writer = buffer ? xmlNewTextWriter(buffer) : NULL };
	if (!xml->writer)
		return -ENOMEM;
	errno = 0;
	xmlTextWriterSetIndent(xml->writer, 1);
	note(xml, xmlTextWriterStartDocument(xml->writer, NULL, "UTF-8", NULL));
	return 0;
}

void xml_open(struct xml *xml, const char *name)
{
	note(xml, xmlTextWriterStartElement(xml->writer, BAD_CAST name));
}

void xml_close(struct xml *xml)
{
	note(xml, xmlTextWriterEndElement(xml->writer));
}

void xml_attribute(struct xml *xml, const char *name, const char *value)
{
	char *escaped = escape_printable(value);

	note(xml,
	     escaped ? xmlTextWriterWriteAttribute(xml->writer, BAD_CAST name, BAD_CAST escaped)
		     : -1);
	free(escaped);
}

void xml_attribute_number(struct xml *xml, const char *name, uint64_t value)
{
	char number[NUMBER_BYTES];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	xml_attribute(xml, name, number);
}

void xml_text(struct xml *xml, const char *text)
{
	char *escaped = escape_printable(text);

	note(xml, escaped ? xmlTextWriterWriteString(xml->writer, BAD_CAST escaped) : -1);
	free(escaped);
}

void xml_element(struct xml *xml, const char *name, const char *text)
{
	if (!text)
		return;
	xml_open(xml, name);
	xml_text(xml, text);
	xml_close(xml);
}

void xml_element_number(struct xml *xml, const char *name, uint64_t value)
{
	char number[NUMBER_BYTES];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	xml_element(xml, name, number);
}

int xml_end(struct xml *xml, FILE *stream)
{
	note(xml, xmlTextWriterEndDocument(xml->writer));
	xmlFreeTextWriter(xml->writer);
	if (fflush(stream) != 0 || ferror(stream))
		return errno ? -errno : -EIO;
	return xml->failed ? -ENOMEM : 0;
}
