// Porcupine on the histories that `afterall check --format porcupine` and `--format jepsen-log` read: how long its check
// takes, and the most memory that the process has had (Linux).
//
//	go run . [-whole] FILE…
//
// Files that end in .log are registers of Jepsen's etcd test; the others are key-value logs of gets, puts and appends,
// judged key by key, or with -whole as one object.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"
)

// An operation on a register or on a key. Without a value to a read, nothing was there.
type input struct {
	f        string
	key      string
	from, to string
}

type output struct {
	value string
	ok    bool
	// Nobody knows what came of it.
	unknown bool
}

const nothing = "nil"

var register = porcupine.Model{
	Init: func() interface{} { return nothing },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		now, asked, answer := state.(string), in.(input), out.(output)
		switch asked.f {
		case "read":
			return answer.unknown || answer.value == now, now
		case "write":
			return true, asked.to
		}
		fits := asked.from == now
		if fits {
			return answer.unknown || answer.ok, asked.to
		}
		return answer.unknown || !answer.ok, now
	},
	Hash: func(state interface{}) uint64 { return hash(state.(string)) },
}

// Without a hash of its states Porcupine compares each with all that it has seen.
func hash(parts ...string) uint64 {
	sum := fnv.New64a()
	for _, part := range parts {
		_, _ = sum.Write([]byte(part))
	}
	return sum.Sum64()
}

func text(now string, asked input, answer output) (bool, string) {
	switch asked.f {
	case "get":
		return answer.unknown || answer.value == now, now
	case "put":
		return true, asked.to
	}
	return true, now + asked.to
}

var keyed = porcupine.Model{
	PartitionEvent: func(events []porcupine.Event) [][]porcupine.Event {
		var keys []string
		byKey := map[string][]porcupine.Event{}
		of := map[int]string{}
		for _, event := range events {
			if event.Kind == porcupine.CallEvent {
				of[event.Id] = event.Value.(input).key
			}
			key := of[event.Id]
			if _, known := byKey[key]; !known {
				keys = append(keys, key)
			}
			byKey[key] = append(byKey[key], event)
		}
		var parts [][]porcupine.Event
		for _, key := range keys {
			parts = append(parts, byKey[key])
		}
		return parts
	},
	Init: func() interface{} { return "" },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		return text(state.(string), in.(input), out.(output))
	},
	Hash: func(state interface{}) uint64 { return hash(state.(string)) },
}

var whole = porcupine.Model{
	Init: func() interface{} { return map[string]string{} },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		now, asked := state.(map[string]string), in.(input)
		fits, after := text(now[asked.key], asked, out.(output))
		if asked.f == "get" {
			return fits, now
		}
		next := make(map[string]string, len(now)+1)
		for key, value := range now {
			next[key] = value
		}
		next[asked.key] = after
		return fits, next
	},
	Hash: func(state interface{}) uint64 {
		var sum uint64
		for key, value := range state.(map[string]string) {
			sum ^= hash(key, "\x00", value)
		}
		return sum
	},
	Equal: func(a, b interface{}) bool {
		one, other := a.(map[string]string), b.(map[string]string)
		if len(one) != len(other) {
			return false
		}
		for key, value := range one {
			if found, there := other[key]; !there || found != value {
				return false
			}
		}
		return true
	},
}

var kvLine = regexp.MustCompile(`^{:process (\d+), :type :(\w+), :f :(\w+), :key "(.*)", :value (?:nil|"(.*)")}$`)
var logLine = regexp.MustCompile(`^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(\w+)\s+:(\w+)\s+(.*)$`)

func read(path string) ([]porcupine.Event, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var events []porcupine.Event
	open := map[int]int{}
	count := 0
	end := func(process int, out output) {
		if id, known := open[process]; known {
			delete(open, process)
			events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.ReturnEvent, Value: out, Id: id})
		}
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var process, kind string
		var asked input
		answer := output{ok: true}
		if parts := kvLine.FindStringSubmatch(lines.Text()); parts != nil {
			process, kind = parts[1], parts[2]
			asked = input{f: parts[3], key: parts[4], to: parts[5]}
			answer.value = parts[5]
		} else if parts := logLine.FindStringSubmatch(lines.Text()); parts != nil {
			process, kind = parts[1], parts[2]
			value := strings.TrimSpace(parts[4])
			asked = input{f: parts[3], to: value}
			if pair := strings.Fields(strings.Trim(value, "[]")); len(pair) == 2 {
				asked.from, asked.to = pair[0], pair[1]
			}
			answer = output{value: value, ok: kind == "ok", unknown: value == ":timed-out"}
		} else {
			continue
		}
		client, err := strconv.Atoi(process)
		if err != nil {
			return nil, err
		}
		switch {
		case kind == "invoke":
			open[client] = count
			events = append(events, porcupine.Event{ClientId: client, Kind: porcupine.CallEvent, Value: asked, Id: count})
			count++
		// Whether a write or a compare-and-set that timed out happened, nobody knows: it stays open.
		case kind == "info" || answer.unknown && asked.f != "read":
		default:
			end(client, answer)
		}
	}
	for process := range open {
		end(process, output{unknown: true})
	}
	return events, lines.Err()
}

func main() {
	asOne := flag.Bool("whole", false, "judge all keys as one object")
	flag.Parse()
	for _, path := range flag.Args() {
		events, err := read(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		model := keyed
		if strings.HasSuffix(path, ".log") {
			model = register
		} else if *asOne {
			model = whole
		}
		start := time.Now()
		fits := porcupine.CheckEvents(model, events)
		took := time.Since(start)
		var usage syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		fmt.Printf("%s: %d operations, linearizable %t, %.3f s, peak %d MB\n",
			path, len(events)/2, fits, took.Seconds(), usage.Maxrss/1024)
	}
}
