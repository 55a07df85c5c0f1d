/* Load by librdkafka, as users' programs make it. highway-bench builds this with cc and runs it; by hand:
 *
 *   cc -O2 -o rdkafka_load rdkafka_load.c -lrdkafka -lpthread
 *   rdkafka_load produce -b HOST:PORT -t TOPIC -p PARTITIONS -s SIZE -w WARM_UP -d SECONDS [-n COUNT] [-e]
 *   rdkafka_load consume -b HOST:PORT -t TOPIC -p PARTITIONS [-g GROUP] [-o end] -n COUNT | -w WARM_UP -d SECONDS
 *   rdkafka_load latency -b HOST:PORT -t TOPIC -p PARTITIONS -s SIZE -r RATE -d SECONDS
 *   all:  -X name=value (any property of librdkafka)   -P PID (whose CPU time is reported beside the own)
 *
 * Values are random bytes, which no codec makes smaller. Without -e librdkafka chooses the partition (its sticky
 * partitioner), with it partitions take turns, as they do for keyed records. Prints one line of JSON:
 * records, bytes (of values) and seconds of the measured part, CPU seconds of client and PID within it, and for latency
 * the histogram as pairs of nanoseconds and count. What is not acknowledged within the measured part does not count. */
#include <librdkafka/rdkafka.h>

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { POOL = 4 << 20, SUB = 128, BUCKETS = SUB * 40 };

static const char *brokers, *topic, *group;
static int partitions = 1, size = 1024, pid, each, from_end;
static uint64_t count, rate;
static double warm_up, duration = 1;

static uint64_t records, bytes, failed; /* so far; written by the polling thread alone */
static uint64_t histogram[BUCKETS];
static char *pool; /* POOL random bytes, and one value more */

static void die(const char *what, const char *why) {
        fprintf(stderr, "error: %s: %s\n", what, why);
        exit(1);
}

static double now(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec + t.tv_nsec / 1e9;
}

static double own_cpu(void) {
        struct rusage u;
        getrusage(RUSAGE_SELF, &u);
        return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* User and system time of all threads of another process: fields 14 and 15 of its stat, behind the name in brackets. */
static double cpu_of(int process) {
        char path[64], text[1024], *at;
        unsigned long user = 0, system = 0;
        FILE *file;
        size_t n;
        if (!process)
                return 0;
        snprintf(path, sizeof path, "/proc/%d/stat", process);
        if (!(file = fopen(path, "r")))
                die(path, strerror(errno));
        n = fread(text, 1, sizeof text - 1, file);
        text[n] = 0;
        fclose(file);
        at = strrchr(text, ')');
        if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
                die(path, "not as expected");
        return (user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* The measured part: from `begin` until `end`, or until `count` records where that is asked for. */
static struct {
        double begin, own, other;
        uint64_t records, bytes;
        int open;
} part;

static void open_part(void) {
        part.begin = now();
        part.own = own_cpu();
        part.other = cpu_of(pid);
        part.records = records;
        part.bytes = bytes;
        part.open = 1;
}

/* Ends the program at once: what is still queued is of no interest. */
static void close_part(double end) {
        double own = own_cpu() - part.own, other = cpu_of(pid) - part.other;
        int i, first = 1;
        printf("{\"records\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"client_cpu\":%.6f,\"broker_cpu\":%.6f",
               (unsigned long long)(records - part.records), (unsigned long long)(bytes - part.bytes),
               end - part.begin, own, other);
        if (rate) {
                printf(",\"histogram\":[");
                for (i = 0; i < BUCKETS; i++) {
                        if (histogram[i]) {
                                uint64_t ns = i < SUB ? (uint64_t)i : (uint64_t)(SUB + i % SUB) << (i / SUB - 1);
                                printf("%s[%llu,%llu]", first ? "" : ",", (unsigned long long)ns,
                                       (unsigned long long)histogram[i]);
                                first = 0;
                        }
                }
                printf("]");
        }
        printf("}\n");
        fflush(stdout);
        _exit(failed != 0);
}

/* Buckets that are 1/128 of their value wide: below SUB one a nanosecond, above SUB of them for each power of two. */
static void note(uint64_t ns) {
        int power = ns < SUB ? 0 : 63 - __builtin_clzll(ns) - 6;
        uint64_t at = power == 0 ? ns : (uint64_t)power * SUB + (ns >> (power - 1)) - SUB;
        histogram[at < BUCKETS ? at : BUCKETS - 1]++;
}

/* The opaque of a record is when it was due, in nanoseconds; null where that does not matter. */
static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
        (void)rk;
        (void)opaque;
        if (m->err) {
                if (!failed++)
                        fprintf(stderr, "error: a record was not taken: %s\n", rd_kafka_err2str(m->err));
                return;
        }
        records++;
        bytes += m->len;
        if (m->_private)
                note((uint64_t)(now() * 1e9) - (uint64_t)(uintptr_t)m->_private);
}

static const void *value(uint64_t number) { return pool + number * 4099 % POOL; }

/* 0 when it was queued, -1 when the queue is full. */
static int send_one(rd_kafka_topic_t *rkt, uint64_t number, uint64_t due) {
        int32_t to = each ? (int32_t)(number % partitions) : RD_KAFKA_PARTITION_UA;
        if (!rd_kafka_produce(rkt, to, RD_KAFKA_MSG_F_COPY, (void *)value(number), size, NULL, 0,
                              (void *)(uintptr_t)due))
                return 0;
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                die("produce", rd_kafka_err2str(rd_kafka_last_error()));
        return -1;
}

static void produce(rd_kafka_t *rk, rd_kafka_topic_t *rkt) {
        double start = now(), at;
        uint64_t sent = 0;
        if (warm_up == 0)
                open_part();
        for (;;) {
                int room = 64, full = 0;
                while (room-- && !full && (!count || sent < count)) {
                        full = send_one(rkt, sent, 0);
                        sent += !full;
                }
                rd_kafka_poll(rk, full || (count && sent == count) ? 1 : 0);
                at = now();
                if (!part.open && at - start >= warm_up)
                        open_part();
                if (count ? records + failed >= count : part.open && at - part.begin >= duration)
                        close_part(at);
        }
}

static void *poll_forever(void *rk) {
        for (;;)
                rd_kafka_poll(rk, 100);
        return NULL;
}

/* Open loop: each record is due at a time that no answer moves, and its latency counts from then. */
static void latency(rd_kafka_t *rk, rd_kafka_topic_t *rkt) {
        uint64_t total = (uint64_t)(rate * duration), number;
        double start = now() + 0.02, limit;
        pthread_t poller;
        pthread_create(&poller, NULL, poll_forever, rk);
        open_part();
        for (number = 0; number < total; number++) {
                uint64_t due = (uint64_t)(start * 1e9) + number * 1000000000 / rate;
                struct timespec until = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
                clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
                /* The first fifth is not looked at. */
                while (send_one(rkt, number, number < total / 5 ? 0 : due))
                        usleep(100);
        }
        for (limit = now() + 20; records + failed < total; usleep(1000))
                if (now() > limit)
                        die("latency", "records are still not acknowledged after 20 s");
        close_part(now());
}

static void consume(rd_kafka_t *rk) {
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
        const struct rd_kafka_metadata *metadata;
        double start = 0, last = now(), at;
        int i;
        /* So that connecting is not part of it. */
        rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, NULL, &metadata, 10000);
        if (err)
                die("metadata", rd_kafka_err2str(err));
        rd_kafka_poll_set_consumer(rk);
        if (group) {
                rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
                err = rd_kafka_subscribe(rk, list);
        } else {
                for (i = 0; i < partitions; i++)
                        rd_kafka_topic_partition_list_add(list, topic, i)->offset =
                                from_end ? RD_KAFKA_OFFSET_END : 0;
                err = rd_kafka_assign(rk, list);
        }
        if (err)
                die(group ? "subscribe" : "assign", rd_kafka_err2str(err));
        if (count)
                open_part();
        for (;;) {
                rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);
                if (m && !m->err) {
                        records++;
                        bytes += m->len;
                } else if (m && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                        fprintf(stderr, "warning: %s\n", rd_kafka_message_errstr(m));
                }
                if (m && !m->err && records % 64 && (!count || records < count)) {
                        rd_kafka_message_destroy(m);
                        continue;
                }
                at = now();
                if (m && !m->err) {
                        last = at;
                        if (start == 0)
                                start = at;
                }
                if (m)
                        rd_kafka_message_destroy(m);
                if (!part.open && start > 0 && at - start >= warm_up)
                        open_part();
                if (count ? records >= count : part.open && at - part.begin >= duration)
                        close_part(at);
                if (at - last > 30)
                        die("consume", "no record for 30 s");
        }
}

int main(int argc, char **argv) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char why[512], *equals;
        const char *mode = argc > 1 ? argv[1] : "";
        rd_kafka_t *rk;
        rd_kafka_topic_t *rkt;
        unsigned seed = 7;
        int option, i;
        int consumer = !strcmp(mode, "consume");
        for (optind = 2; (option = getopt(argc, argv, "b:t:p:s:n:w:d:r:P:g:o:eX:")) != -1;) {
                switch (option) {
                case 'b': brokers = optarg; break;
                case 't': topic = optarg; break;
                case 'p': partitions = atoi(optarg); break;
                case 's': size = atoi(optarg); break;
                case 'n': count = strtoull(optarg, NULL, 10); break;
                case 'w': warm_up = atof(optarg); break;
                case 'd': duration = atof(optarg); break;
                case 'r': rate = strtoull(optarg, NULL, 10); break;
                case 'P': pid = atoi(optarg); break;
                case 'g': group = optarg; break;
                case 'o': from_end = !strcmp(optarg, "end"); break;
                case 'e': each = 1; break;
                case 'X':
                        if (!(equals = strchr(optarg, '=')))
                                die("-X", "name=value is wanted");
                        *equals = 0;
                        if (rd_kafka_conf_set(conf, optarg, equals + 1, why, sizeof why) != RD_KAFKA_CONF_OK)
                                die(optarg, why);
                        break;
                default: return 2;
                }
        }
        if (!brokers || !topic || partitions < 1 || size < 1 || (rate == 0) == !strcmp(mode, "latency"))
                die("usage", "rdkafka_load produce|consume|latency -b HOST:PORT -t TOPIC ... (see the head of its source)");
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
        if (consumer) {
                rd_kafka_conf_set(conf, "group.id", group ? group : "highway-bench", NULL, 0);
                rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
        } else {
                rd_kafka_conf_set_dr_msg_cb(conf, delivered);
        }
        if (!(rk = rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, why, sizeof why)))
                die("librdkafka", why);
        if (consumer)
                consume(rk);
        if (!(pool = malloc(POOL + size)))
                die("memory", "not enough");
        for (i = 0; i < POOL + size; i++)
                pool[i] = (char)(rand_r(&seed) >> 7);
        rkt = rd_kafka_topic_new(rk, topic, NULL);
        if (rate)
                latency(rk, rkt);
        else
                produce(rk, rkt);
        return 0;
}
