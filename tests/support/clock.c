/*
 * A clock that stands still, for tests: preloaded into a program, it answers every question for the time of day with the
 * instant that TEST_NOW names ("2026-03-10 06:25:00", in the time zone of TZ), or, where that is not one instant only,
 * TEST_EPOCH (seconds since 1970). Only the time of day: monotonic clocks, sleeping and the times of files stay real, in the
 * reference and in a program that calls statx alike. With TEST_HASTE the monotonic clocks go so many times as fast, so that
 * what is done after a while is done at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t instant(void) {
    static time_t known = -1;
    const char *text = getenv("TEST_NOW");
    struct tm day = {0};
    if (known != -1) return known;
    if (getenv("TEST_EPOCH")) return known = atoll(getenv("TEST_EPOCH"));
    if (!text || sscanf(text, "%d-%d-%d %d:%d:%d", &day.tm_year, &day.tm_mon, &day.tm_mday, &day.tm_hour, &day.tm_min, &day.tm_sec) != 6)
        abort();
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    day.tm_isdst = -1;
    return known = mktime(&day);
}

time_t time(time_t *out) {
    time_t now = instant();
    if (out) *out = now;
    return now;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    (void)zone;
    out->tv_sec = instant();
    out->tv_usec = 0;
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
        const char *haste = getenv("TEST_HASTE");
        int failed = (int)syscall(SYS_clock_gettime, clock, out);
        if (failed == 0 && haste) {
            long long ns = (out->tv_sec * 1000000000LL + out->tv_nsec) * atoll(haste);
            out->tv_sec = ns / 1000000000LL;
            out->tv_nsec = ns % 1000000000LL;
        }
        return failed;
    }
    out->tv_sec = instant();
    out->tv_nsec = 0;
    return 0;
}
