/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Python extension whose functions keep what they should give back; tests/e2e/test_reach_real.py
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* Its first reference is never given back. */
static PyObject *lose_bytes(PyObject *self, PyObject *args)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, 1000); /* here */

	(void)self;
	(void)args;
	if (!bytes)
		return NULL;
	memset(PyBytes_AS_STRING(bytes), 'x', 1000);
	return PyLong_FromSsize_t(PyBytes_GET_SIZE(bytes));
}

static PyObject *lose_text(PyObject *self, PyObject *args)
{
	PyObject *text = PyUnicode_New(700, 127);

	(void)self;
	(void)args;
	if (!text)
		return NULL;
	memset(PyUnicode_1BYTE_DATA(text), 'y', 700);
	Py_RETURN_NONE;
}

static PyObject *lose_block(PyObject *self, PyObject *args)
{
	volatile char *block = calloc(1, 4321);

	(void)self;
	(void)args;
	if (!block)
		return PyErr_NoMemory();
	block[5] = 1;
	return PyLong_FromLong(block[5]);
}

/* The collector keeps a list of all containers: nobody else has it, but it is reachable. */
static PyObject *lose_list(PyObject *self, PyObject *args)
{
	PyObject *list = PyList_New(10);

	(void)self;
	(void)args;
	for (int i = 0; list && i < 10; i++)
		PyList_SET_ITEM(list, i, PyLong_FromLong(1000000 + i));
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{ "lose_bytes", lose_bytes, METH_NOARGS, NULL },
	{ "lose_text", lose_text, METH_NOARGS, NULL },
	{ "lose_block", lose_block, METH_NOARGS, NULL },
	{ "lose_list", lose_list, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL },
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, "leaky", NULL, -1, methods, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit_leaky(void)
{
	return PyModule_Create(&module);
}
