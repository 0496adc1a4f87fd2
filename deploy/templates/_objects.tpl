{{/* An object of base/, in the release's namespace.
     Use: include "object" (list $ "role") | fromYaml */}}
{{- define "object" -}}
{{- include "placed" (list (index . 0) (printf "base/%s.yaml" (index . 1))) -}}
{{- end -}}

{{/* The same of any file. */}}
{{- define "placed" -}}
{{- $root := index . 0 -}}
{{- $o := $root.Files.Get (index . 1) | fromYaml -}}
{{- if hasKey $o.metadata "namespace" -}}
{{- $_ := set $o.metadata "namespace" $root.Release.Namespace -}}
{{- end -}}
{{- range $o.subjects }}{{ $_ := set . "namespace" $root.Release.Namespace }}{{ end -}}
{{- toYaml $o -}}
{{- end -}}

{{/* agent.yaml. A PodMonitor needs an address that Prometheus reaches. */}}
{{- define "config" -}}
{{- $base := .Files.Get "base/agent.yaml" | fromYaml -}}
{{- if .Values.podMonitor.enabled -}}
{{- $_ := set $base "metrics" (.Files.Get "components/metrics/agent.yaml" | fromYaml).metrics -}}
{{- end -}}
{{- toYaml (mustMergeOverwrite $base .Values.config) -}}
{{- end -}}

{{/* The DaemonSet with the values put in. */}}
{{- define "daemonset" -}}
{{- $v := .Values -}}
{{- $ds := include "object" (list . "daemonset") | fromYaml -}}
{{- $pod := $ds.spec.template.spec -}}
{{- $c := index $pod.containers 0 -}}
{{- $tag := default .Chart.AppVersion $v.image.tag -}}
{{- $_ := set $c "image" (printf "%s:%s" $v.image.repository $tag) -}}
{{- $_ := set $c "imagePullPolicy" $v.image.pullPolicy -}}
{{- $_ := set $pod "priorityClassName" $v.priorityClassName -}}
{{- $_ := set $pod "nodeSelector" (merge $pod.nodeSelector $v.nodeSelector) -}}
{{- with $v.imagePullSecrets }}{{ $_ := set $pod "imagePullSecrets" . }}{{ end -}}
{{- with $v.affinity }}{{ $_ := set $pod "affinity" . }}{{ end -}}
{{- with $v.tolerations }}{{ $_ := set $pod "tolerations" . }}{{ end -}}
{{- with $v.updateStrategy -}}
{{- $_ := set $ds.spec "updateStrategy" (mustMergeOverwrite $ds.spec.updateStrategy .) -}}
{{- end -}}
{{- if not $v.installPlugin }}{{ $_ := set $c "args" (slice $c.args 0 2) }}{{ end -}}
{{- with $v.resources }}{{ $_ := set $c "resources" . }}{{ end -}}
{{- range $pod.volumes -}}
{{- if eq .name "cni-conf" }}{{ $_ := set .hostPath "path" $v.cniConfDir }}{{ end -}}
{{- if eq .name "cni-bin" }}{{ $_ := set .hostPath "path" $v.cniBinDir }}{{ end -}}
{{- end -}}
{{- with $v.config.metrics -}}
{{- $port := regexFind "[0-9]+$" . | int -}}
{{- $_ := set (index $c.ports 0) "containerPort" $port -}}
{{- range list $c.livenessProbe $c.readinessProbe }}{{ $_ := set .httpGet "port" $port }}{{ end -}}
{{- end -}}
{{- if $v.nodeFeatures.enabled -}}
{{- $patch := .Files.Get "components/nfd/features.yaml" | fromYamlArray -}}
{{- $_ := set $c "volumeMounts" (append $c.volumeMounts (index $patch 0).value) -}}
{{- $_ := set $pod "volumes" (append $pod.volumes (index $patch 1).value) -}}
{{- end -}}
{{- toYaml $ds -}}
{{- end -}}

{{/* The reporter of components/node-readiness with the values put in. */}}
{{- define "reporter" -}}
{{- $v := .Values -}}
{{- $ds := include "placed" (list . "components/node-readiness/daemonset.yaml") | fromYaml -}}
{{- $pod := $ds.spec.template.spec -}}
{{- $c := index $pod.containers 0 -}}
{{- with $v.nodeReadiness.image }}{{ $_ := set $c "image" . }}{{ end -}}
{{- $_ := set $pod "priorityClassName" $v.priorityClassName -}}
{{- $_ := set $pod "nodeSelector" (merge $pod.nodeSelector $v.nodeSelector) -}}
{{- with $v.imagePullSecrets }}{{ $_ := set $pod "imagePullSecrets" . }}{{ end -}}
{{- with $v.config.metrics -}}
{{- range $c.env -}}
{{- if eq .name "CHECK_ENDPOINT" -}}
{{- $port := regexFind "[0-9]+$" $v.config.metrics -}}
{{- $_ := set . "value" (printf "http://127.0.0.1:%s/readyz?for=pods" $port) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $ds -}}
{{- end -}}

{{/* PodMonitor or PrometheusRule of components/, with its values: where Prometheus looks, by
     namespace and labels.
     Use: include "monitoring" (list $ "podmonitor" .Values.podMonitor) */}}
{{- define "monitoring" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $v := index . 2 -}}
{{- $o := $root.Files.Get (printf "components/%s/%s.yaml" $name $name) | fromYaml -}}
{{- $_ := set $o.metadata "namespace" (default $root.Release.Namespace $v.namespace) -}}
{{- $_ := set $o.metadata "labels" (merge (dict) $v.labels $o.metadata.labels) -}}
{{- range $o.spec.podMetricsEndpoints -}}
{{- $_ := set . "interval" $v.interval -}}
{{- $_ := set . "honorLabels" $v.honorLabels -}}
{{- end -}}
{{- if and $o.spec.podMetricsEndpoints (ne $o.metadata.namespace $root.Release.Namespace) -}}
{{- $_ := set $o.spec "namespaceSelector" (dict "matchNames" (list $root.Release.Namespace)) -}}
{{- end -}}
{{- toYaml $o -}}
{{- end -}}
