package pexrtc

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxMessage bounds one server-sent event, in bytes; a roster entry has about one kilobyte.
const maxMessage = 1 << 20

var errMessageTooLarge = errors.New("event larger than 1 MiB")

// message is one server-sent event.
type message struct {
	name, id string
	data     []byte
}

// messageReader reads an event stream (WHATWG HTML, "Server-sent events") from a node. Reconnection times and the
// last event id are left out: nodes do not replay.
type messageReader struct {
	r     *bufio.Reader
	first bool   // the next line is the first, and may carry a byte order mark
	cr    bool   // the last line ended in CR: an LF that follows belongs to it
	line  []byte // reused
}

func newMessageReader(r io.Reader) *messageReader {
	return &messageReader{r: bufio.NewReaderSize(r, 4096), first: true}
}

// next blocks for the next event that has a name or data. The error is io.EOF at the end of the stream, where an
// unfinished event is dropped.
func (m *messageReader) next() (message, error) {
	var msg message
	size, lines := 0, 0
	for {
		line, err := m.readLine()
		if err != nil {
			return message{}, err
		}
		if len(line) == 0 {
			if msg.name != "" || lines > 0 {
				return msg, nil
			}
			continue
		}
		if size += len(line); size > maxMessage {
			return message{}, errMessageTooLarge
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			msg.name = string(value)
		case "id":
			msg.id = string(value)
		case "data":
			if lines++; lines > 1 {
				msg.data = append(msg.data, '\n')
			}
			msg.data = append(msg.data, value...)
		}
	}
}

// readLine returns the next line without its end, which may be LF, CR LF or CR. The line is valid until the next call.
func (m *messageReader) readLine() ([]byte, error) {
	m.line = m.line[:0]
	for {
		b, err := m.r.ReadByte()
		if err != nil {
			return nil, err
		}
		skip := m.cr && b == '\n'
		m.cr = b == '\r'
		switch {
		case skip:
			continue
		case b == '\n' || b == '\r':
			return m.withoutMark(), nil
		}
		if len(m.line) >= maxMessage {
			return nil, errMessageTooLarge
		}
		m.line = append(m.line, b)
	}
}

// withoutMark drops a byte order mark before the first line.
func (m *messageReader) withoutMark() []byte {
	if !m.first {
		return m.line
	}
	m.first = false
	return bytes.TrimPrefix(m.line, []byte("\xef\xbb\xbf"))
}
