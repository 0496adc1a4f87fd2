/* SPDX-License-Identifier: Apache-2.0 */
/* One reader for each kind of value in agent.yaml. */
#ifndef SMC_AGENT_CONFIG_VALUE_H
#define SMC_AGENT_CONFIG_VALUE_H

#include "node-agent/config/read.h"

/* The type behind `out` is in the comment; a char * is freed and replaced. */
config_read_fn config_value_path; /* char *: absolute */
config_read_fn config_value_optional_path; /* char *: absolute or "" */
config_read_fn config_value_socket_path; /* char *: absolute, fits struct sockaddr_un */
config_read_fn config_value_nri_path; /* the same, and its sentence names auto and off, too */
config_read_fn config_value_node_name; /* char *: DNS-1123 subdomain */
config_read_fn config_value_namespace; /* char *: DNS-1123 label or "*" */
config_read_fn config_value_ueid; /* char * */
config_read_fn config_value_endpoint; /* char *: "IP:PORT", "[IPv6]:PORT" or "" */
config_read_fn config_value_bool; /* bool */
config_read_fn config_value_switch; /* bool: enabled or disabled */
config_read_fn config_value_log_level; /* enum log_level */
config_read_fn config_value_install; /* enum config_install */
config_read_fn config_value_ulp; /* enum steer_ulp */
config_read_fn config_value_buffer; /* int64_t: bytes */
config_read_fn config_value_cidr; /* struct inet_addr */
config_read_fn config_value_cluster_cidr; /* the same; IPv4-mapped IPv6 becomes IPv4 */
config_read_fn config_value_peer; /* struct peers_item */
config_read_fn config_value_pnet_id; /* char[SMC_PNET_ID_MAX + 1]: upper-cased */
config_read_fn config_value_interface; /* char[IFNAMSIZ] */
config_read_fn config_value_ib_device; /* char[64] */
config_read_fn config_value_ib_port; /* uint8_t: from 1 */

#endif
