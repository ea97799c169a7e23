// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.offload.Task;
import io.spindle.offload.TaskFailedException;
import io.spindle.process.ipc.Message;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.type.TypeFactory;

/**
 * What the JVM of a pool and those of its workers say to each other: {@value #RUN} with an {@link Order}, answered by an
 * {@link Outcome}, and {@value #STOP} with the number of the order that is to be stopped, answered by nothing. Each side
 * knows the types of input and value from the class of the task; the wire names the class, and no other.
 */
final class TaskMessages {

    static final String RUN = "task.run";
    static final String STOP = "task.stop";

    private static final int MAX_TEXT = 10_000;
    private static final int MAX_FRAMES = 256;
    private static final int MAX_CAUSES = 8;

    private static final TypeFactory TYPES = TypeFactory.createDefaultInstance();

    private static final ClassValue<Types> OF_TASKS = new ClassValue<>() {
        @Override
        protected Types computeValue(Class<?> task) {
            JavaType[] found = TYPES.findTypeParameters(TYPES.constructType(task), Task.class);
            return new Types(
                    TYPES.constructParametricType(Order.class, found[0]),
                    TYPES.constructParametricType(Outcome.class, found[1]));
        }
    };

    private record Types(JavaType order, JavaType outcome) {}

    /**
     * A task to be run.
     *
     * @param number one more than that of the last
     */
    record Order<I>(long number, String task, I input) {}

    /** The same without the input, whose type the task says. */
    record Head(long number, String task) {}

    /** How a task ended. Null and null is a value too. */
    record Outcome<O>(@Nullable O value, @Nullable Failure failure) {}

    /** What a task threw. */
    record Failure(
            String type,
            @Nullable String message,
            List<Frame> stack,
            @Nullable Failure cause) {

        static Failure of(Throwable thrown) {
            return of(thrown, MAX_CAUSES);
        }

        private static Failure of(Throwable thrown, int causes) {
            Throwable cause = causes == 0 ? null : thrown.getCause();
            return new Failure(
                    thrown.getClass().getName(),
                    Optional.ofNullable(thrown.getMessage())
                            .map(text -> text.substring(0, Math.min(MAX_TEXT, text.length())))
                            .orElse(null),
                    Arrays.stream(thrown.getStackTrace())
                            .limit(MAX_FRAMES)
                            .map(Frame::of)
                            .toList(),
                    cause == null ? null : of(cause, causes - 1));
        }

        TaskFailedException exception() {
            TaskFailedException told = new TaskFailedException(type, message, cause == null ? null : cause.exception());
            told.setStackTrace(stack.stream().map(Frame::element).toArray(StackTraceElement[]::new));
            return told;
        }
    }

    /** A line of a stack trace. */
    record Frame(String type, String method, @Nullable String file, int line) {

        static Frame of(StackTraceElement element) {
            return new Frame(
                    element.getClassName(), element.getMethodName(), element.getFileName(), element.getLineNumber());
        }

        StackTraceElement element() {
            return new StackTraceElement(type, method, file, line);
        }
    }

    private TaskMessages() {}

    static <I> Order<I> order(Class<?> task, Message message) {
        return message.as(OF_TASKS.get(task).order());
    }

    static <O> Outcome<O> outcome(Class<?> task, Message message) {
        return message.as(OF_TASKS.get(task).outcome());
    }
}
