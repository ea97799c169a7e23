// SPDX-License-Identifier: Apache-2.0
/**
 * Blocking calls off the loop, in bounded space: libuv's thread pool as a Reactor
 * {@link reactor.core.scheduler.Scheduler}.
 *
 * <p>Start from {@link io.spindle.offload.BlockingPool}: {@code BlockingPool.shared().call(() -> …)} runs a call on the
 * pool of the process and brings the result back to the loop it was started on;
 * {@link io.spindle.offload.BlockingPoolSpec} describes a pool of one's own. A pool that is full refuses work with a
 * {@link io.spindle.offload.TaskRejectedException}, lets the subscriber wait or drops the oldest, as it is told. For
 * computing there is {@link io.spindle.offload.WorkerPool}, with priorities, keys and a soft cancel. Files, DNS and cryptography are in {@code io.spindle.offload.io},
 * threads with a loop of their own in {@code io.spindle.offload.worker}.
 */
@NullMarked
package io.spindle.offload;

import org.jspecify.annotations.NullMarked;
