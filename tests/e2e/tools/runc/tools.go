// SPDX-License-Identifier: Apache-2.0
//go:build tools

// The OCI runtime: Debian 12 has 1.1, and user namespaces of pods need 1.2.
package tools

import _ "github.com/opencontainers/runc"
