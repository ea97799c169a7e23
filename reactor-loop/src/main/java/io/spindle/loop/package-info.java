// SPDX-License-Identifier: Apache-2.0
/**
 * An event loop with Node's phases and queues that is a Reactor {@link reactor.core.scheduler.Scheduler} and shares
 * its one thread with Netty's I/O.
 *
 * <p>Start from {@link io.spindle.loop.EventLoop}: {@code EventLoop.run(loop -> …)} runs a program until nothing is
 * left to do, {@code EventLoop.create("name")} starts a loop that lives until it is disposed, and
 * {@link io.spindle.loop.EventLoopSpec} holds the options of both. {@link io.spindle.loop.Timeout} and
 * {@link io.spindle.loop.Handle} are what keeps a loop alive.
 */
@NullMarked
package io.spindle.loop;

import org.jspecify.annotations.NullMarked;
