package membershiptest

import (
	"context"
	"maps"
	"sync"
)

// Records are membership.Records. The zero value is empty and ready.
type Records struct {
	mu     sync.Mutex // guards the rest
	values map[string]value
	last   uint64 // revision
	fail   error
}

type value struct {
	text     []byte
	revision uint64
}

// Fail lets every call fail with err, or succeed again with nil.
func (r *Records) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = err
}

// Values are all that is kept, by key.
func (r *Records) Values() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]string{}
	for key, v := range r.values {
		all[key] = string(v.text)
	}
	return all
}

// Set puts a value whatever there was.
func (r *Records) Set(key, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(key, []byte(text))
}

func (r *Records) set(key string, text []byte) {
	if r.values == nil {
		r.values = map[string]value{}
	}
	r.last++
	r.values[key] = value{text, r.last}
}

// Get returns a key's value and revision.
func (r *Records) Get(_ context.Context, key string) ([]byte, uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.values[key].text, r.values[key].revision, r.fail
}

// Put writes the value if the revision is right.
func (r *Records) Put(_ context.Context, key string, text []byte, revision uint64) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil || r.values[key].revision != revision {
		return false, r.fail
	}
	r.set(key, text)
	return true, nil
}

// Delete takes the key out if the revision is right.
func (r *Records) Delete(_ context.Context, key string, revision uint64) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil || r.values[key].revision != revision {
		return false, r.fail
	}
	delete(r.values, key)
	return true, nil
}

// All hands over every key.
func (r *Records) All(_ context.Context, take func(key string, value []byte, revision uint64)) error {
	r.mu.Lock()
	all, err := maps.Clone(r.values), r.fail
	r.mu.Unlock()
	for key, v := range all {
		take(key, v.text, v.revision)
	}
	return err
}
