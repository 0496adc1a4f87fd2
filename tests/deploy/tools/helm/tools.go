// SPDX-License-Identifier: Apache-2.0
//go:build tools

// Helm, which renders the chart for the test beside it; kept in go.mod by this import.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
