// SPDX-License-Identifier: Apache-2.0
/**
 * Child processes as streams, without a thread for each stream.
 *
 * <p>Start from {@link io.spindle.process.Command}: {@code exec()} runs a program to its end and gives its text,
 * {@code lines()} and {@code output()} stream what it writes, {@code spawn()} gives the running
 * {@link io.spindle.process.ChildProcess}. Demand reaches the pipe, cancel kills the process tree, and what is
 * subscribed on an {@link io.spindle.loop.EventLoop} signals there and keeps it alive. Elsewhere, signals come on
 * {@link reactor.core.scheduler.Schedulers#parallel()}. {@code pipe} connects programs to a
 * {@link io.spindle.process.Pipeline}.
 *
 * <p>On Linux, Java 22 and later, with {@code --enable-native-access=ALL-UNNAMED}, processes are started and waited for
 * by the system's own calls, without a thread for a child. Elsewhere the JDK does it. The system property
 * {@code spindle.process.engine} set to {@code native}, {@code epoll} or {@code threads} forces one way.
 */
@NullMarked
package io.spindle.process;

import org.jspecify.annotations.NullMarked;
