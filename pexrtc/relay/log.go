package relay

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// stackLog passes on what the media stack finds worth a warning, at debug level: hostile packets must not fill the log.
type stackLog struct{ log *slog.Logger }

func (s stackLog) NewLogger(scope string) logging.LeveledLogger {
	return scopeLog{s.log.With("stack", scope)}
}

type scopeLog struct{ log *slog.Logger }

func (s scopeLog) Trace(string)          {}
func (s scopeLog) Tracef(string, ...any) {}
func (s scopeLog) Debug(string)          {}
func (s scopeLog) Debugf(string, ...any) {}
func (s scopeLog) Info(string)           {}
func (s scopeLog) Infof(string, ...any)  {}

func (s scopeLog) Warn(msg string)               { s.log.Debug(msg) }
func (s scopeLog) Warnf(format string, a ...any) { s.format(format, a) }

func (s scopeLog) Error(msg string)               { s.log.Debug(msg) }
func (s scopeLog) Errorf(format string, a ...any) { s.format(format, a) }

func (s scopeLog) format(format string, a []any) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug(fmt.Sprintf(format, a...))
	}
}
