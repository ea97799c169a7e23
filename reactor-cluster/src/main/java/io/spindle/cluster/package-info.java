// SPDX-License-Identifier: Apache-2.0
/**
 * The same program in several JVMs that share their ports, under one primary that starts, watches and replaces them.
 *
 * <p>Start from {@link io.spindle.cluster.Cluster#run}: in the primary it forks the workers, in a worker it runs the
 * program with a {@link io.spindle.cluster.WorkerContext}, whose resources let an ordinary Reactor Netty server share
 * its port. {@link io.spindle.cluster.PrimarySpec} holds the options, {@link io.spindle.cluster.Primary} is the running
 * cluster, {@link io.spindle.cluster.ClusterWorker} one of its workers and {@link io.spindle.cluster.ClusterEvent} what
 * happens to them.
 *
 * <p>The primary owns the listening sockets and gives each worker a duplicate over a Unix-domain socket, so a port stays
 * open while no worker lives. A worker that loses its primary ends.
 */
@NullMarked
package io.spindle.cluster;

import org.jspecify.annotations.NullMarked;
