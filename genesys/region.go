package genesys

import (
	"net/url"
	"strings"
)

// region is one row of the platform's list of regions.
type region struct {
	domain string // D of login.D, api.D, apps.D
	aws    string
	env    string // what {{gcTargetEnv}} says
}

// regions is the platform's list. The name in {{gcTargetEnv}} is made of the AWS region, with two
// exceptions: the first region and the FedRAMP one.
var regions = []region{
	{"mypurecloud.com", "us-east-1", "prod"},
	{"use2.us-gov-pure.cloud", "us-east-2", "fedramp-use2-core"},
	{"usw2.pure.cloud", "us-west-2", "prod-usw2"},
	{"cac1.pure.cloud", "ca-central-1", "prod-cac1"},
	{"mxc1.pure.cloud", "mx-central-1", "prod-mxc1"},
	{"sae1.pure.cloud", "sa-east-1", "prod-sae1"},
	{"mypurecloud.ie", "eu-west-1", "prod-euw1"},
	{"euw2.pure.cloud", "eu-west-2", "prod-euw2"},
	{"mypurecloud.de", "eu-central-1", "prod-euc1"},
	{"euc2.pure.cloud", "eu-central-2", "prod-euc2"},
	{"mec1.pure.cloud", "me-central-1", "prod-mec1"},
	{"edee1.eusc-pure.cloud", "eusc-de-east-1", "prod-edee1"},
	{"aps1.pure.cloud", "ap-south-1", "prod-aps1"},
	{"mypurecloud.jp", "ap-northeast-1", "prod-apne1"},
	{"apne2.pure.cloud", "ap-northeast-2", "prod-apne2"},
	{"apne3.pure.cloud", "ap-northeast-3", "prod-apne3"},
	{"apse1.pure.cloud", "ap-southeast-1", "prod-apse1"},
	{"mypurecloud.com.au", "ap-southeast-2", "prod-apse2"},
}

// KnownEnvironment reports whether what a widget's URL said in pcEnvironment or gcTargetEnv belongs to
// any region of Genesys Cloud.
func KnownEnvironment(environment string) bool {
	for _, r := range regions {
		if r.matches(environment) {
			return true
		}
	}
	return false
}

// Serves reports whether what a widget's URL said in pcEnvironment ("mypurecloud.ie"), gcTargetEnv
// ("prod-euw1") or gcHostOrigin ("https://apps.mypurecloud.ie") is the environment that this Cloud was made
// for. An empty value says nothing and passes. The answer is a check of the widget's configuration: where
// messages and redirects go is always taken from the Cloud, never from the URL.
func (c *Cloud) Serves(environment string) bool {
	if environment == "" || c.region.matches(environment) {
		return true
	}
	host := hostOf(environment)
	for _, own := range []*url.URL{c.apps, c.api, c.login} {
		if host == own.Host || host == own.Hostname() {
			return true
		}
	}
	return false
}

// matches accepts the domain, a host or origin under it, and the name of the environment.
func (r region) matches(environment string) bool {
	if r.domain == "" {
		return false
	}
	if strings.EqualFold(environment, r.env) {
		return true
	}
	host := hostOf(environment)
	return host == r.domain || strings.HasSuffix(host, "."+r.domain)
}

// hostOf takes a host or an origin and gives its host in small letters; empty when it is neither.
func hostOf(environment string) string {
	environment = strings.ToLower(strings.TrimSuffix(environment, "/"))
	environment = strings.TrimPrefix(environment, "https://")
	environment = strings.TrimPrefix(environment, "http://")
	if strings.ContainsAny(environment, "/\\?#@%") {
		return ""
	}
	return environment
}

// regionOf finds a region by its domain or by its AWS name.
func regionOf(name string) (region, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, r := range regions {
		if name == r.domain || name == r.aws {
			return r, true
		}
	}
	return region{}, false
}
