/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The standard library at work: strings, streams, trees, hash tables, a regular
 * expression, an exception. Some of it is never given back.
 */
#include <deque>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

static size_t fill(int count)
{
	std::map<int, std::string> tree;
	std::unordered_map<std::string, int> table;
	std::vector<std::string> strings;
	std::deque<int> queue;
	std::list<int> chain;
	size_t sum = 0;

	for (int i = 0; i < count; i++) {
		std::ostringstream stream;

		stream << "string number " << i;
		tree[i] = stream.str();
		table[stream.str()] = i;
		strings.push_back(stream.str());
		queue.push_back(i);
		chain.push_front(i);
		sum += table.size();
	}
	strings.resize(10);
	strings.shrink_to_fit();
	chain.sort();
	std::function<size_t()> copy = [tree, queue] { return tree.size() + queue.size(); };
	return sum + copy();
}

static size_t fail()
{
	try {
		throw std::runtime_error("an error with a text that is not short");
	} catch (const std::exception &error) {
		return std::string(error.what()).size();
	}
}

int main()
{
	std::regex pattern("(a|b)*c[0-9]+");
	auto shared = std::make_shared<std::string>(100, 'x');
	auto *forgotten = new std::vector<std::string>(20, std::string(40, 'y'));
	size_t sum = fill(5000) + fail() + shared->size() + forgotten->size();

	sum += std::regex_match("ababc123", pattern);
	std::cout << sum << "\n";
	return 0;
}
