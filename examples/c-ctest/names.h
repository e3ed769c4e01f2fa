#ifndef NAMES_H
#define NAMES_H

/* A table of names, each with a number. */
void names_set(const char *name, int number);
/* Returns the number, -1 when the name is not there. */
int names_find(const char *name);
void names_clear(void);

#endif
