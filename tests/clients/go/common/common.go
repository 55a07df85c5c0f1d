// Package common holds what the Go drivers share: the records they write, counted checks, the closing JSON line.
package common

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// T0 is the timestamp of record 0 in milliseconds; record n has T0+n.
	T0 = int64(1_700_000_000_000)
	// PerCodec records are written with each codec.
	PerCodec = 40
	// Partitions of the topic at first.
	Partitions = 3
)

// Codecs in the order in which they are used.
var Codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// Total number of records.
var Total = PerCodec * len(Codecs)

var checks int

// Check ends the driver unless held.
func Check(held bool, format string, args ...any) {
	checks++
	if !held {
		fmt.Fprintf(os.Stderr, "FAILED: "+format+"\n", args...)
		os.Exit(1)
	}
}

// Must ends the driver on an error.
func Must(err error, what string) { Check(err == nil, "%s: %v", what, err) }

// Equal ends the driver unless both are the same.
func Equal[T comparable](seen, expected T, what string) {
	Check(seen == expected, "%s: saw %v, expected %v", what, seen, expected)
}

// Eventually polls until held, for what a broker may tell a moment later than the answer that changed it.
func Eventually(what string, held func() bool) {
	for end := time.Now().Add(30 * time.Second); !held(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			Check(false, "not within 30 s: %s", what)
		}
	}
	checks++
}

// Name makes a topic's name that no earlier run had.
func Name(client string) string { return fmt.Sprintf("%s-%d", client, time.Now().UnixNano()) }

// Key and Value are the content of record n.
func Key(n int) []byte   { return []byte("k" + strconv.Itoa(n)) }
func Value(n int) []byte { return []byte(fmt.Sprintf("value %d %s", n, strings.Repeat("x", 100))) }

// Codec of record n.
func Codec(n int) string { return Codecs[n/PerCodec] }

// Seen collects what was read back.
type Seen map[int]bool

// Record checks one record as read back.
func (s Seen) Record(key, value []byte, timestamp time.Time, partition int32, header string, headerValue []byte) {
	n, err := strconv.Atoi(strings.TrimPrefix(string(key), "k"))
	Must(err, "key")
	Check(!s[n], "record %d twice", n)
	s[n] = true
	Check(bytes.Equal(value, Value(n)), "value of record %d: %q", n, value)
	Equal(timestamp.UnixMilli(), T0+int64(n), "timestamp")
	Equal(int(partition), n%Partitions, "partition")
	Equal(header, "codec", "header")
	Equal(string(headerValue), Codec(n), "header value")
}

// Finish prints the closing line.
func Finish(client, version string) {
	line, _ := json.Marshal(map[string]any{"client": client, "version": version, "ok": true, "checks": checks})
	fmt.Println(string(line))
}
