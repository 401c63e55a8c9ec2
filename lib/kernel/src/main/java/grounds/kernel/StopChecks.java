package grounds.kernel;

import java.util.HashSet;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Makes the byte code of a cell interruptible: a call of {@link StopSwitch#check()} at every method
 * entry and before every backward jump. {@code Thread.stop} is gone from new JDKs, and a loop that
 * never blocks never looks at the interrupt flag.
 */
final class StopChecks {

  private static final String SWITCH = "grounds/kernel/StopSwitch";

  private StopChecks() {}

  /**
   * The class with checks. A class that ASM cannot read (a newer class file version) or whose
   * methods have no room left comes back unchanged: it runs, but a loop in it cannot be stopped.
   */
  static byte[] insert(byte[] classFile) {
    try {
      ClassReader reader = new ClassReader(classFile);
      ClassWriter writer = new ClassWriter(0);
      reader.accept(new CheckedClass(writer), 0);
      return writer.toByteArray();
    } catch (IllegalArgumentException | MethodTooLargeException e) {
      return classFile;
    }
  }

  private static final class CheckedClass extends ClassVisitor {
    CheckedClass(ClassVisitor next) {
      super(Opcodes.ASM9, next);
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      MethodVisitor next = super.visitMethod(access, name, descriptor, signature, exceptions);
      // A class whose initializer fails is lost for good.
      return new CheckedMethod(next, !name.equals("<clinit>"));
    }
  }

  /**
   * A check takes nothing from the operand stack and leaves nothing, so frames stay as they are.
   */
  private static final class CheckedMethod extends MethodVisitor {
    private final boolean checkEntry;
    private final Set<Label> passed = new HashSet<>();

    CheckedMethod(MethodVisitor next, boolean checkEntry) {
      super(Opcodes.ASM9, next);
      this.checkEntry = checkEntry;
    }

    @Override
    public void visitCode() {
      super.visitCode();
      if (checkEntry) {
        check();
      }
    }

    @Override
    public void visitLabel(Label label) {
      passed.add(label);
      super.visitLabel(label);
    }

    @Override
    public void visitJumpInsn(int opcode, Label target) {
      if (passed.contains(target)) {
        check();
      }
      super.visitJumpInsn(opcode, target);
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      if (owner.equals("java/lang/System") && name.equals("exit")) {
        super.visitMethodInsn(Opcodes.INVOKESTATIC, SWITCH, "exit", "(I)V", false);
      } else if (owner.equals("java/lang/Runtime")
          && (name.equals("exit") || name.equals("halt"))) {
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC, SWITCH, "exit", "(Ljava/lang/Runtime;I)V", false);
      } else {
        super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
      }
    }

    private void check() {
      super.visitMethodInsn(Opcodes.INVOKESTATIC, SWITCH, "check", "()V", false);
    }
  }
}
