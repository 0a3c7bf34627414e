package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is the NATS server inside this process. It is reached in memory alone.
type embedded struct {
	nats *server.Server
	lock *os.File // held while the directory is ours; nil in memory
	temp string   // directory to be removed in the end; empty on disk
}

// maxMemory bounds what the state in memory may take, in bytes.
const maxMemory = 256 << 20

func startServer(cfg Config) (e *embedded, err error) {
	e = &embedded{}
	defer func() {
		if err != nil {
			e.stop()
			e = nil
		}
	}()
	dir := cfg.Dir
	if dir == "" {
		// JetStream wants a directory even if nothing is written there.
		if dir, err = os.MkdirTemp("", "videoleg-"); err != nil {
			return e, err
		}
		e.temp = dir
	} else if e.lock, err = lockDir(dir); err != nil {
		return e, err
	}
	e.nats, err = server.NewServer(&server.Options{
		ServerName: "videoleg", DontListen: true, NoSigs: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, JetStreamMaxMemory: maxMemory,
	})
	if err != nil {
		return e, fmt.Errorf("state in %s: %w", dir, err)
	}
	e.nats.SetLoggerV2(serverLog{cfg.Log.With("part", "nats")}, false, false, false)
	e.nats.Start()
	if !e.nats.ReadyForConnections(connectTime) || !e.nats.JetStreamEnabled() {
		return e, fmt.Errorf("state in %s: JetStream did not start; the log says why", dir)
	}
	return e, nil
}

// errInUse is a second process on the same directory, which would damage it.
var errInUse = errors.New("in use by another process: give each its own, or let them share a NATS server")

// lockDir makes the directory, for ourselves alone to read, and keeps other processes out.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("state directory %s: %w", dir, err)
	}
	return f, nil
}

func (e *embedded) stop() {
	if e.nats != nil {
		e.nats.Shutdown()
		e.nats.WaitForShutdown()
	}
	if e.lock != nil {
		e.lock.Close()
	}
	if e.temp != "" {
		_ = os.RemoveAll(e.temp) // nothing of worth is in it
	}
}

// serverLog takes the server's warnings and errors. Its banner, and what it notices on its way, is of
// interest to nobody here.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Warnf(format string, v ...any)  { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any) { l.log.Error(fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any) { l.log.Error(fmt.Sprintf(format, v...)) }
func (serverLog) Noticef(string, ...any)           {}
func (serverLog) Debugf(string, ...any)            {}
func (serverLog) Tracef(string, ...any)            {}
