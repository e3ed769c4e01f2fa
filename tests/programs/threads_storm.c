/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Eight threads, five million operations drawn from seeded generators: malloc,
 * realloc, free, blocks sent to other threads and freed there. The program keeps
 * the books itself and writes them to the file that its first argument names:
 * acquired count and bytes, released count and bytes, live count and bytes.
 */
#include <fcntl.h>
#include <pthread.h>

#include "program.h"

#define THREADS 8
#define OPERATIONS 5000000
#define SLOTS 256
#define MAIL_MAX 64

struct block {
	void *memory;
	size_t bytes;
};

struct books {
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
	uint64_t live_count;
	uint64_t live_bytes;
};

struct worker {
	pthread_t thread;
	uint64_t random;
	struct block slots[SLOTS];
	pthread_mutex_t lock;
	struct block mail[MAIL_MAX];
	size_t mail_count;
	struct books books;
};

static struct worker workers[THREADS];
static pthread_barrier_t started;

/* xorshift64: Marsaglia, "Xorshift RNGs", 2003. */
static uint64_t draw(struct worker *worker)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return worker->random;
}

static size_t draw_bytes(struct worker *worker)
{
	uint64_t random = draw(worker);

	return random % 1000 ? 1 + (random >> 16) % 512 : 1 + (random >> 16) % 300000;
}

static void acquired(struct worker *worker, struct block *block, void *memory, size_t bytes)
{
	REQUIRE(memory != NULL);
	*block = (struct block){ memory, bytes };
	worker->books.acquired_count++;
	worker->books.acquired_bytes += bytes;
}

static void released(struct worker *worker, size_t bytes)
{
	worker->books.released_count++;
	worker->books.released_bytes += bytes;
}

SITE static void acquire(struct worker *worker, struct block *block)
{
	size_t bytes = draw_bytes(worker);

	acquired(worker, block, keep(malloc(bytes)), bytes);
}

SITE static void acquire_zeroed(struct worker *worker, struct block *block)
{
	size_t bytes = draw_bytes(worker);

	acquired(worker, block, keep(calloc(1, bytes)), bytes);
}

SITE static void resize(struct worker *worker, struct block *block)
{
	size_t bytes = draw_bytes(worker), old = block->bytes;

	acquired(worker, block, keep(realloc(block->memory, bytes)), bytes);
	released(worker, old);
}

SITE static void release(struct worker *worker, struct block *block)
{
	free(block->memory);
	released(worker, block->bytes);
	block->memory = NULL;
}

static void post(struct worker *worker, struct block *block)
{
	struct worker *other = &workers[draw(worker) % THREADS];

	pthread_mutex_lock(&other->lock);
	if (other->mail_count < MAIL_MAX) {
		other->mail[other->mail_count++] = *block;
		block->memory = NULL;
	}
	pthread_mutex_unlock(&other->lock);
}

static void receive(struct worker *worker)
{
	struct block block = { 0 };

	pthread_mutex_lock(&worker->lock);
	if (worker->mail_count > 0)
		block = worker->mail[--worker->mail_count];
	pthread_mutex_unlock(&worker->lock);
	if (block.memory)
		release(worker, &block);
}

static void operate(struct worker *worker)
{
	uint64_t random = draw(worker);
	struct block *block = &worker->slots[random % SLOTS];

	if (random >> 32 & 1)
		receive(worker);
	if (!block->memory && random >> 33 & 1)
		acquire(worker, block);
	else if (!block->memory)
		acquire_zeroed(worker, block);
	else if ((random >> 40) % 4 == 0)
		post(worker, block);
	else if ((random >> 40) % 4 == 1)
		resize(worker, block);
	else
		release(worker, block);
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	pthread_barrier_wait(&started);
	for (int i = 0; i < OPERATIONS / THREADS; i++)
		operate(worker);
	return NULL;
}

static void count_live(struct books *books, const struct block *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (blocks[i].memory) {
			books->live_count++;
			books->live_bytes += blocks[i].bytes;
		}
	}
}

static char *put_number(char *text, uint64_t number)
{
	if (number >= 10)
		text = put_number(text, number / 10);
	*text = (char)('0' + number % 10);
	return text + 1;
}

static void write_books(const char *path, const struct books *books)
{
	const uint64_t *numbers = (const uint64_t *)books;
	char text[256], *end = text;
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	for (size_t i = 0; i < sizeof(*books) / sizeof(*numbers); i++) {
		end = put_number(end, numbers[i]);
		*end++ = '\n';
	}
	REQUIRE(file >= 0 && write(file, text, (size_t)(end - text)) == end - text);
}

static void add_up(struct books *sum, const struct worker *worker)
{
	sum->acquired_count += worker->books.acquired_count;
	sum->acquired_bytes += worker->books.acquired_bytes;
	sum->released_count += worker->books.released_count;
	sum->released_bytes += worker->books.released_bytes;
	count_live(sum, worker->slots, SLOTS);
	count_live(sum, worker->mail, worker->mail_count);
}

int main(int argc, char **argv)
{
	struct books sum = { 0 };
	pthread_attr_t small;

	REQUIRE(argc >= 2);
	program_begin(argc, argv);
	REQUIRE(pthread_attr_init(&small) == 0 &&
		pthread_attr_setstacksize(&small, 256 << 10) == 0);
	REQUIRE(pthread_barrier_init(&started, NULL, THREADS) == 0);
	for (int i = 0; i < THREADS; i++) {
		workers[i].random = 0x9e3779b97f4a7c15 * (uint64_t)(i + 1);
		REQUIRE(pthread_mutex_init(&workers[i].lock, NULL) == 0);
		REQUIRE(pthread_create(&workers[i].thread, &small, work, &workers[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		add_up(&sum, &workers[i]);
	write_books(argv[1], &sum);
	return 0;
}
