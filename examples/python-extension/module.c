/* Takes something in each way there is, and, built with FIXED, gives it back. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef FIXED
#define WHEN_FIXED(statement) statement
#else
#define WHEN_FIXED(statement) ((void)0)
#endif

static PyObject *take_memory(PyObject *self, PyObject *unused)
{
	void *volatile block = malloc(100);

	(void)self;
	(void)unused;
	WHEN_FIXED(free(block));
	(void)block;
	Py_RETURN_NONE;
}

static PyObject *take_mapping(PyObject *self, PyObject *unused)
{
	void *mapping = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)self;
	(void)unused;
	WHEN_FIXED(munmap(mapping, 8192));
	(void)mapping;
	Py_RETURN_NONE;
}

static PyObject *take_fd(PyObject *self, PyObject *unused)
{
	int fd;

	(void)self;
	(void)unused;
	fd = open("/dev/null", O_RDONLY);
	WHEN_FIXED(close(fd));
	(void)fd;
	Py_RETURN_NONE;
}

static void *do_nothing(void *argument)
{
	return argument;
}

static PyObject *take_thread(PyObject *self, PyObject *unused)
{
	pthread_t thread;

	(void)self;
	(void)unused;
	if (pthread_create(&thread, NULL, do_nothing, NULL))
		return PyErr_SetFromErrno(PyExc_OSError);
	WHEN_FIXED(pthread_join(thread, NULL));
	Py_RETURN_NONE;
}

static PyObject *take_bytes(PyObject *self, PyObject *unused)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, 500);

	(void)self;
	(void)unused;
	if (!bytes)
		return NULL;
	WHEN_FIXED(Py_DECREF(bytes));
	Py_RETURN_NONE;
}

static PyObject *take_list(PyObject *self, PyObject *list)
{
	(void)self;
	/* Whoever is given something need not take another reference. */
	Py_INCREF(list);
	WHEN_FIXED(Py_DECREF(list));
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{ "take_memory", take_memory, METH_NOARGS, NULL },
	{ "take_mapping", take_mapping, METH_NOARGS, NULL },
	{ "take_fd", take_fd, METH_NOARGS, NULL },
	{ "take_thread", take_thread, METH_NOARGS, NULL },
	{ "take_bytes", take_bytes, METH_NOARGS, NULL },
	{ "take_list", take_list, METH_O, NULL },
	{ NULL, NULL, 0, NULL },
};

#define STRING_OF(name) #name
#define STRING(name) STRING_OF(name)
#define JOINED(a, b) a##b
#define INIT(name) JOINED(PyInit_, name)

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT, .m_name = STRING(NAME), .m_size = -1, .m_methods = methods,
};

PyMODINIT_FUNC INIT(NAME)(void)
{
	return PyModule_Create(&definition);
}
