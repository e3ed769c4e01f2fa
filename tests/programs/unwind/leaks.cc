// SPDX-License-Identifier: GPL-2.0-or-later
// Leaks at many places, reached in every way that C++ knows: templates, virtual and
// indirect calls, lambdas, exceptions and their destructors, containers, algorithms,
// threads, static initialisers. Each leak has its own size, so that none is another's.

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{
void *volatile kept[256];
unsigned count;
unsigned next_size = 32;

__attribute__((noinline)) void leak()
{
	kept[count++ % 256] = std::malloc(next_size += 16);
}

template <typename T> __attribute__((noinline)) void leak_of(T value)
{
	leak();
	kept[count++ % 256] = new T(value);
}

template <int N> struct nested {
	__attribute__((noinline)) static void go()
	{
		leak();
		nested<N - 1>::go();
		leak();
	}
};

template <> struct nested<0> {
	static void go()
	{
	}
};

struct shape {
	virtual ~shape() = default;
	virtual void draw() = 0;
};

struct circle : shape {
	void draw() override
	{
		leak();
	}
};

struct other_base {
	long number = 1;
	virtual ~other_base() = default;
	virtual void other()
	{
		leak();
	}
};

// Called through the second base: by way of a thunk.
struct square final : shape, other_base {
	void draw() override
	{
		leak();
	}
	void other() override
	{
		leak();
	}
};

struct in_destructor {
	~in_destructor()
	{
		leak();
	}
};

struct failure : std::runtime_error {
	explicit failure(const std::string &why) : std::runtime_error(why)
	{
		leak();
	}
};

__attribute__((noinline)) void thrower(int depth)
{
	in_destructor guard;

	if (!depth)
		throw failure("as is to be expected, for more than a few bytes");
	thrower(depth - 1);
}

__attribute__((noinline)) void catcher()
{
	try {
		thrower(3);
	} catch (const std::exception &error) {
		leak();
		try {
			std::vector<int>().at(7);
		} catch (const std::out_of_range &) {
			leak();
		}
	}
}

__attribute__((noinline)) void lambdas()
{
	int number = 7;
	auto plain = [] { leak(); };
	auto capturing = [&number] {
		number++;
		leak();
	};
	std::function<void(int)> recursive = [&recursive](int depth) {
		leak();
		if (depth)
			recursive(depth - 1);
	};

	plain();
	capturing();
	recursive(3);
	std::function<void()> bound = std::bind(recursive, 1);
	bound();
}

__attribute__((noinline)) void containers()
{
	auto *map = new std::map<std::string, std::vector<int>>;
	auto *text = new std::string;

	for (int i = 0; i < 5; i++)
		(*map)["a key that is too long to be kept inside " + std::to_string(i)].resize(10 +
											       i);
	for (int i = 0; i < 100; i++)
		*text += "more and more ";
	kept[count++ % 256] = map;
	kept[count++ % 256] = text;
	auto *shared = new std::shared_ptr<std::string>(std::make_shared<std::string>(200, 'x'));
	kept[count++ % 256] = shared;
}

__attribute__((noinline)) void algorithms()
{
	std::vector<int> numbers(20);

	std::iota(numbers.begin(), numbers.end(), 0);
	std::for_each(numbers.begin(), numbers.begin() + 2, [](int) { leak(); });
	std::sort(numbers.begin(), numbers.end(), [once = false](int a, int b) mutable {
		if (!once)
			leak();
		once = true;
		return a > b;
	});
	std::qsort(numbers.data(), 2, sizeof(int), [](const void *, const void *) {
		leak();
		return 0;
	});
}

struct at_start {
	at_start()
	{
		leak();
	}
} before_main;
} // namespace

int main()
{
	std::unique_ptr<shape> shapes[] = { std::make_unique<circle>(),
					    std::make_unique<square>() };
	other_base *second = new square;

	nested<6>::go();
	leak_of(1);
	leak_of(2.5);
	leak_of(std::string("a text that is too long to be kept inside the object"));
	for (auto &one : shapes)
		one->draw();
	second->other();
	kept[count++ % 256] = second;
	lambdas();
	catcher();
	containers();
	algorithms();
	std::thread(leak).join();
	std::thread([] { nested<2>::go(); }).join();
	std::at_quick_exit(leak);
	std::atexit(leak);
	return 0;
}
