/* SPDX-License-Identifier: MIT */
#include "limit/image.h"

#include <string.h>

#include "base/invariant.h"
#include "crypto/kdf.h"

#define MAGIC "hflims1\n"

/* Where things stand in a head, and in an event. The digest covers all after it. */
enum {
	DIGEST_AT = 0,
	MAGIC_AT = DIGEST_AT + KDF_SIZE,
	COUNTER_AT = MAGIC_AT + 8,
	BOOT_AT = COUNTER_AT + 8,
	WRITTEN_AT = BOOT_AT + IMAGE_BOOT_SIZE,
	COUNT_AT = WRITTEN_AT + 8,
	EVENT_TIME_AT = 0,
	EVENT_LIFE_AT = EVENT_TIME_AT + 8,
	EVENT_OPERATION_AT = EVENT_LIFE_AT + 4,
	EVENT_KEY_AT = EVENT_OPERATION_AT + WINDOW_OPERATION_SIZE,
};

_Static_assert(COUNT_AT + 8 == IMAGE_HEAD_SIZE, "the head's size");
_Static_assert(EVENT_KEY_AT + WINDOW_KEY_SIZE == IMAGE_EVENT_SIZE, "the size of an event");
_Static_assert((int)IMAGE_SIZE_MAX <= (int)IMAGE_PLACE_SIZE, "the largest image has room");

static void put_number(uint8_t *bytes, size_t size, uint64_t number)
{
	for (size_t i = size; i > 0; i--) {
		bytes[i - 1] = (uint8_t)number;
		number >>= 8;
	}
}

static uint64_t get_number(const uint8_t *bytes, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | bytes[i];
	return number;
}

size_t image_size(uint32_t count)
{
	return (size_t)IMAGE_HEAD_SIZE + (size_t)count * IMAGE_EVENT_SIZE;
}

unsigned image_place(uint64_t counter)
{
	return (unsigned)(counter % IMAGE_PLACES);
}

bool image_peek(const uint8_t bytes[static IMAGE_HEAD_SIZE], struct image *ret_image)
{
	uint64_t counter = get_number(bytes + COUNTER_AT, 8);
	uint64_t written = get_number(bytes + WRITTEN_AT, 8);
	uint64_t count = get_number(bytes + COUNT_AT, 8);

	if (memcmp(bytes + MAGIC_AT, MAGIC, sizeof MAGIC - 1) != 0 || counter == 0 ||
	    counter > INT64_MAX || written > INT64_MAX || count > WINDOW_EVENTS_MAX)
		return false;
	ret_image->counter = counter;
	memcpy(ret_image->boot, bytes + BOOT_AT, sizeof ret_image->boot);
	ret_image->written_us = (int64_t)written;
	ret_image->count = (uint32_t)count;
	return true;
}

/* Reads one event, which is not before earliest_us. */
static bool get_event(const uint8_t *bytes, int64_t earliest_us, int64_t latest_us,
		      struct window_event *ret_event)
{
	uint64_t time = get_number(bytes + EVENT_TIME_AT, 8);
	uint32_t life_ms = (uint32_t)get_number(bytes + EVENT_LIFE_AT, 4);

	if (time < (uint64_t)earliest_us || time > (uint64_t)latest_us || life_ms == 0 ||
	    life_ms > WINDOW_MS_MAX)
		return false;
	ret_event->time_us = (int64_t)time;
	ret_event->life_ms = life_ms;
	memcpy(ret_event->subject.operation, bytes + EVENT_OPERATION_AT, WINDOW_OPERATION_SIZE);
	memcpy(ret_event->subject.key, bytes + EVENT_KEY_AT, WINDOW_KEY_SIZE);
	return true;
}

bool image_decode(const uint8_t *bytes, size_t size, struct image *ret_image,
		  struct window_event *ret_events)
{
	uint8_t digest[KDF_SIZE];
	struct image image;
	int64_t earliest_us = 0;

	if (size < IMAGE_HEAD_SIZE || !image_peek(bytes, &image) || size != image_size(image.count))
		return false;
	kdf_sha256(bytes + MAGIC_AT, size - MAGIC_AT, digest);
	if (memcmp(digest, bytes + DIGEST_AT, sizeof digest) != 0)
		return false;
	for (uint32_t i = 0; i < image.count; i++) {
		if (!get_event(bytes + image_size(i), earliest_us, image.written_us, &ret_events[i]))
			return false;
		earliest_us = ret_events[i].time_us;
	}
	*ret_image = image;
	return true;
}

static void put_event(const struct window_event *event, uint8_t *bytes)
{
	put_number(bytes + EVENT_TIME_AT, 8, (uint64_t)event->time_us);
	put_number(bytes + EVENT_LIFE_AT, 4, event->life_ms);
	memcpy(bytes + EVENT_OPERATION_AT, event->subject.operation, WINDOW_OPERATION_SIZE);
	memcpy(bytes + EVENT_KEY_AT, event->subject.key, WINDOW_KEY_SIZE);
}

void image_encode(const struct image *image, const struct window_event *events,
		  uint8_t *ret_bytes)
{
	INVARIANT(image->counter > 0 && image->counter <= INT64_MAX && image->written_us >= 0 &&
		  image->count <= WINDOW_EVENTS_MAX);
	memcpy(ret_bytes + MAGIC_AT, MAGIC, sizeof MAGIC - 1);
	put_number(ret_bytes + COUNTER_AT, 8, image->counter);
	memcpy(ret_bytes + BOOT_AT, image->boot, sizeof image->boot);
	put_number(ret_bytes + WRITTEN_AT, 8, (uint64_t)image->written_us);
	put_number(ret_bytes + COUNT_AT, 8, image->count);
	for (uint32_t i = 0; i < image->count; i++)
		put_event(&events[i], ret_bytes + image_size(i));
	kdf_sha256(ret_bytes + MAGIC_AT, image_size(image->count) - MAGIC_AT, ret_bytes + DIGEST_AT);
}
