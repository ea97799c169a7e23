// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/**
 * What happens to a program that is run by {@link Command#events()}: one {@link Started}, then lines of both outputs,
 * then one {@link Exited}. Node analogue: the events {@code spawn}, {@code data} and {@code close}.
 *
 * @since 0.1.0
 */
public sealed interface ProcessEvent {

    /**
     * It has been started.
     *
     * @param process whose outputs are read already
     */
    record Started(ChildProcess process) implements ProcessEvent {}

    /**
     * A line of its standard output.
     *
     * @param line without its end
     */
    record Out(String line) implements ProcessEvent {}

    /**
     * A line of its standard error. Lines of the two outputs are in no order to each other; use {@link Output#merged()}
     * for that.
     *
     * @param line without its end
     */
    record Err(String line) implements ProcessEvent {}

    /**
     * It has ended, and so has its output.
     *
     * @param status how, whatever the code
     */
    record Exited(ExitStatus status) implements ProcessEvent {}
}
