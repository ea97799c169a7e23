// SPDX-License-Identifier: Apache-2.0
/**
 * The command {@code spindle}, for whoever operates a cluster: it asks the primary on its control socket, see {@link
 * io.spindle.cluster.PrimarySpec#controlSocket}. {@link io.spindle.cluster.cli.Main} is a program of its own; it needs picocli
 * and Jackson, and nothing of the cluster's own classes.
 */
@NullMarked
package io.spindle.cluster.cli;

import org.jspecify.annotations.NullMarked;
