/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One leak in each situation that C++ adds. As in situations.c, leak_here() is where
 * a debugger stops and the size tells which one it is.
 */
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#define SITE __attribute__((noinline))
#define KEEP_FRAME __asm__ volatile("" ::: "memory")

void *volatile kept;

extern "C" SITE void leak_here(size_t size)
{
	kept = malloc(size);
	KEEP_FRAME;
}

namespace situations
{

enum situation {
	STATIC_OBJECT = 2000,
	VIRTUAL,
	THUNK,
	LAMBDA,
	FUNCTION,
	IN_CATCH,
	IN_DESTRUCTOR,
	AFTER_CATCH,
	RETHROWN,
	IN_SORT,
	TEMPLATE,
	IN_THREAD,
	IN_ASYNC,
	IN_DELETER,
	STATIC_DESTRUCTOR,
	FIRST_USE,
	MEMBER_POINTER,
};

SITE static void leak(situation situation)
{
	leak_here(situation);
	KEEP_FRAME;
}

/* ---- objects ------------------------------------------------------------------------ */

struct static_object {
	SITE static_object()
	{
		leak(STATIC_OBJECT);
		KEEP_FRAME;
	}
	SITE ~static_object()
	{
		leak(STATIC_DESTRUCTOR);
		KEEP_FRAME;
	}
};

static static_object object;

struct shape {
	virtual ~shape() = default;
	virtual int area(situation situation) = 0;
};

struct named {
	virtual ~named() = default;
	virtual int rename(situation situation) = 0;
};

struct square : shape, named {
	SITE int area(situation situation) override
	{
		leak(situation);
		return 4;
	}
	/* Called through a thunk: a jump, with no frame of its own. */
	SITE int rename(situation situation) override
	{
		leak(situation);
		return 5;
	}
};

SITE static void virtual_calls()
{
	std::unique_ptr<square> made(new square);
	shape *volatile as_shape = made.get();
	named *volatile as_named = made.get();

	as_shape->area(VIRTUAL);
	as_named->rename(THUNK);
	KEEP_FRAME;
}

struct member {
	SITE void act(int value)
	{
		leak(MEMBER_POINTER);
		kept = reinterpret_cast<void *>(static_cast<intptr_t>(value));
	}
};

SITE static void member_pointer()
{
	void (member::*volatile act)(int) = &member::act;
	member one;

	(one.*act)(3);
	KEEP_FRAME;
}

/* ---- callables ---------------------------------------------------------------------- */

SITE static void callables()
{
	int base = 5;
	auto lambda = [&base](int value) __attribute__((noinline))
	{
		leak(LAMBDA);
		return base + value;
	};
	std::function<int(int)> function = [&base](int value) {
		leak(FUNCTION);
		return base * value;
	};

	kept = reinterpret_cast<void *>(static_cast<intptr_t>(lambda(1) + function(2)));
	KEEP_FRAME;
}

template <typename type, int number> SITE static type recurse(type value)
{
	if constexpr (number == 0)
		leak(TEMPLATE);
	else
		value += recurse<type, number - 1>(value);
	KEEP_FRAME;
	return value;
}

SITE static void algorithms()
{
	std::vector<std::string> words = { "pear", "fig", "apple", "date" };
	bool done = false;

	std::sort(words.begin(), words.end(), [&done](const std::string &a, const std::string &b) {
		if (!done)
			leak(IN_SORT);
		done = true;
		return a < b;
	});
	recurse<long, 3>(1);
	KEEP_FRAME;
}

/* ---- exceptions --------------------------------------------------------------------- */

struct guard {
	SITE ~guard()
	{
		leak(IN_DESTRUCTOR);
		KEEP_FRAME;
	}
};

SITE static void thrower(int depth)
{
	guard guard;

	if (depth)
		throw std::runtime_error("thrown");
	KEEP_FRAME;
}

SITE static void passes(int depth)
{
	std::string text(depth, 'x');

	thrower(depth);
	kept = &text;
	KEEP_FRAME;
}

SITE static void rethrower()
{
	try {
		throw std::string("first");
	} catch (const std::string &) {
		leak(RETHROWN);
		throw;
	}
}

SITE static void exceptions()
{
	try {
		passes(3);
	} catch (const std::runtime_error &) {
		leak(IN_CATCH);
	}
	leak(AFTER_CATCH);
	try {
		rethrower();
	} catch (const std::string &) {
		KEEP_FRAME;
	}
}

/* ---- threads, owners, first use ----------------------------------------------------- */

SITE static void in_thread(int value)
{
	leak(IN_THREAD);
	kept = reinterpret_cast<void *>(static_cast<intptr_t>(value));
}

SITE static int in_async()
{
	leak(IN_ASYNC);
	return 1;
}

SITE static void threads()
{
	std::thread(in_thread, 1).join();
	kept = reinterpret_cast<void *>(
		static_cast<intptr_t>(std::async(std::launch::async, in_async).get()));
}

struct deleter {
	SITE void operator()(int *value) const
	{
		leak(IN_DELETER);
		delete value;
	}
};

SITE static void owners()
{
	std::shared_ptr<int> owned(new int(1), deleter());

	owned.reset();
	KEEP_FRAME;
}

struct used {
	SITE used()
	{
		leak(FIRST_USE);
		KEEP_FRAME;
	}
};

SITE static void first_use()
{
	static used once;

	kept = &once;
}

} // namespace situations

int main()
{
	situations::virtual_calls();
	situations::member_pointer();
	situations::callables();
	situations::algorithms();
	situations::exceptions();
	situations::threads();
	situations::owners();
	situations::first_use();
	return 0;
}
