package genesys

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	sdk "github.com/mypurecloud/platform-client-sdk-go/v129/platformclientv2"
)

// call makes one call of the SDK, which lasts attemptTime at most. Its errors are *Error.
func (c *Cloud) call(ctx context.Context, step, token string, do func(*sdk.Configuration) error) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	cfg, err := c.sdkConfiguration(token, wire{ctx: ctx, step: step, base: c.transport})
	if err == nil {
		err = do(cfg)
	}
	if err != nil {
		return asError(err, step, c.api.Host)
	}
	return nil
}

// sdkConfiguration makes a Configuration for one call. It is built by hand: the SDK's constructors read a
// file in the home directory and keep a goroutine watching it.
func (c *Cloud) sdkConfiguration(token string, over http.RoundTripper) (*sdk.Configuration, error) {
	cfg := &sdk.Configuration{
		BasePath:             c.api.String(),
		AccessToken:          token,
		LoggingConfiguration: &sdk.LoggingConfiguration{LogLevel: sdk.LNone},
	}
	cfg.APIClient = sdk.NewAPIClient(cfg)
	return cfg, carry(&cfg.APIClient, over)
}

// carry puts a transport under the SDK's client, which offers no way to choose one.
func carry(api *sdk.APIClient, over http.RoundTripper) error {
	client := reflect.ValueOf(api).Elem().FieldByName("client")
	if client.Kind() == reflect.Struct {
		client = client.FieldByName("HTTPClient")
	}
	if !client.IsValid() || client.Type() != reflect.TypeFor[*http.Client]() || client.IsNil() {
		return errors.New("this version of the SDK has its HTTP client elsewhere")
	}
	*(*http.Client)(client.UnsafePointer()) = http.Client{Transport: over}
	return nil
}
