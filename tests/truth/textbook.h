/* textbook.h - cache algorithms as their papers tell them, with lists and hands, for pages of one size: what the victim
 * policies are held against.  Written apart from these, in another way. */
#ifndef GS_TRUTH_TEXTBOOK_H
#define GS_TRUTH_TEXTBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOOK_PAGES = 32, BOOK_NOBODY = 255 };

/* First is the end where newcomers are put, last the end from which pages leave. */
struct book_list {
    uint8_t page[BOOK_PAGES];
    size_t length;
};

struct book {
    size_t size;                /* of the cache, in pages */
    struct book_list list[4];   /* as the algorithm has them */
    unsigned count[BOOK_PAGES]; /* uses, marks */
    double value[BOOK_PAGES], inflation, target;
    uint64_t past[BOOK_PAGES][2], now;
    bool mark[BOOK_PAGES];
    size_t hand;
    unsigned k; /* parameter of clock */
};

/* Serve a request for `page`; the page evicted for it, or BOOK_NOBODY.  `hit` tells whether it was there. */
typedef uint8_t book_serve(struct book *book, uint8_t page, bool *hit);
book_serve book_clock, book_sieve, book_s3fifo, book_arc, book_lirs, book_lru2, book_2q, book_landlord, book_gdsf,
    book_lfu_aged;

#endif
