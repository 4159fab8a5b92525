/* SPDX-License-Identifier: MIT */
/*
 * A table of attempts as bytes and back: pure. docs/FORMAT.md has the layout.
 *
 * A file has room for two images and is written to at the place that the newest does not
 * have, so that a writer who dies in the middle leaves the one before it. A digest over
 * the whole image tells what was written to its end from what was not, and from damage.
 */
#ifndef LIMIT_IMAGE_H
#define LIMIT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit/window.h"

enum {
	IMAGE_BOOT_SIZE = 16,
	IMAGE_HEAD_SIZE = 80,
	IMAGE_EVENT_SIZE = 40,
	IMAGE_SIZE_MAX = IMAGE_HEAD_SIZE + WINDOW_EVENTS_MAX * IMAGE_EVENT_SIZE,
	IMAGE_PLACES = 2,
	IMAGE_PLACE_SIZE = 41 * 4096, /* IMAGE_SIZE_MAX in whole pages */
	IMAGE_FILE_SIZE = IMAGE_PLACES * IMAGE_PLACE_SIZE,
};

/* What stands before the events. */
struct image {
	uint64_t counter;               /* 1 at first, one more each time, at most INT64_MAX */
	uint8_t boot[IMAGE_BOOT_SIZE];  /* the start of the machine that times count from; zeros:
					 * not known */
	int64_t written_us;             /* when, by the same clock */
	uint32_t count;                 /* of the events */
};

/* The bytes that an image with so many events takes. */
size_t image_size(uint32_t count);
/* The place, 0 or 1, that an image has. */
unsigned image_place(uint64_t counter);

/* Reads a head without its digest, to learn how much there is to read. False: no image
 * begins so. */
bool image_peek(const uint8_t bytes[static IMAGE_HEAD_SIZE], struct image *ret_image);

/* Reads a whole image, exactly size bytes. False: they are not what image_encode makes.
 * ret_events has room for as many as image_peek tells of; they are in order, none is later
 * than written_us. On failure they are unspecified. */
bool image_decode(const uint8_t *bytes, size_t size, struct image *ret_image,
		  struct window_event *ret_events);

/* Writes image_size(image->count) bytes. Counter, times and count are in their bounds. */
void image_encode(const struct image *image, const struct window_event *events,
		  uint8_t *ret_bytes);

#endif
