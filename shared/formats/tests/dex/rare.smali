# What compilers write rarely. Assembled for three versions of the format; a line "# after NNN" ends what version NNN can hold.
.class public Lrare/Rare;
.super Ljava/lang/Object;
.implements Ljava/lang/Runnable;
.source "Rare.java"

.annotation runtime Lrare/Mark;
    array = {
        "first",
        "second ä \u20ac \ud83d\ude00"
    }
    flag = true
    kind = .enum Lrare/Kind;->FIRST:Lrare/Kind;
    nested = .subannotation Lrare/Nested;
        type = Ljava/util/List;
    .end subannotation
    number = -0x2
    real = 1.5
    target = Lrare/Rare;->run()V
.end annotation

.annotation system Ldalvik/annotation/Signature;
    value = {
        "Ljava/lang/Object;",
        "Ljava/lang/Runnable;"
    }
.end annotation

.field private static final LONG:J = 0x123456789aL
.field private static final NAME:Ljava/lang/String; = "static"
.field private static final NEGATIVE:S = -0x7s

.field public value:I
    .annotation build Lrare/Mark;
        text = "of a field"
    .end annotation
.end field

.method public constructor <init>()V
    .registers 1
    .prologue
    .line 10
    invoke-direct {p0}, Ljava/lang/Object;-><init>()V
    .line 11
    return-void
.end method

.method public native declared-synchronized untouched(I)V
.end method

.method public run()V
    .registers 4
    .annotation runtime Lrare/Mark;
        text = "of a method"
    .end annotation
    .line 20
    .local p0, "self":Lrare/Rare;, "Lrare/Rare<TT;>;"
    const-string v0, "plain"
    .local v0, "onlyName":Lrare/OnlyInDebugInformation;
    const-string/jumbo v1, "jumbo"
    .end local v0
    .restart local v0
    const-class v2, [[Ljava/lang/Object;
    return-void
.end method

.method public static switches(ILjava/lang/Object;)I
    .registers 6
    .param p0, "number"
        .annotation runtime Lrare/Mark;
            text = "of a parameter"
        .end annotation
    .end param
    .param p1, "object"
    .line 30
    :try_start
    packed-switch p0, :packed
    sparse-switch p0, :sparse
    const/4 v0, 0x3
    new-array v0, v0, [I
    fill-array-data v0, :array
    filled-new-array {p0, p0}, [I
    check-cast p1, Ljava/lang/String;
    instance-of v1, p1, Ljava/util/List;
    new-instance v2, Lrare/Kind;
    :try_end
    .catch Ljava/lang/ArithmeticException; {:try_start .. :try_end} :caught
    .catch Ljava/lang/RuntimeException; {:try_start .. :try_end} :caught
    .catchall {:try_start .. :try_end} :finally
    :one
    return p0
    :two
    const/4 v0, 0x0
    return v0
    :caught
    move-exception v0
    goto :two
    :finally
    move-exception v0
    throw v0
    :packed
    .packed-switch -0x1
        :one
        :two
    .end packed-switch
    :sparse
    .sparse-switch
        -0x80000000 -> :two
        0x7fffffff -> :one
    .end sparse-switch
    :array
    .array-data 4
        0x1a1b1c1d
        0x1c
        -0x1
    .end array-data
.end method
# after 035

.method public static dynamic(Ljava/lang/invoke/MethodHandle;)V
    .registers 3
    .line 40
    const-string v0, "x"
    invoke-polymorphic {p0, v0}, Ljava/lang/invoke/MethodHandle;->invokeExact([Ljava/lang/Object;)Ljava/lang/Object;, (Ljava/lang/String;)V
    invoke-polymorphic/range {p0 .. p0}, Ljava/lang/invoke/MethodHandle;->invoke([Ljava/lang/Object;)Ljava/lang/Object;, ()V
    invoke-custom {v0}, site("apply", (Ljava/lang/String;)V, "argument", 0x7, Ljava/util/List;)@Lrare/Rare;->bootstrap(Ljava/lang/invoke/MethodHandles$Lookup;Ljava/lang/String;Ljava/lang/invoke/MethodType;Ljava/lang/String;ILjava/lang/Class;)Ljava/lang/invoke/CallSite;
    return-void
.end method
# after 038

.method public static constants()V
    .registers 2
    .line 50
    const-method-handle v0, static-get@Lrare/Rare;->NAME:Ljava/lang/String;
    const-method-handle v0, invoke-instance@Lrare/Rare;->run()V
    const-method-type v1, (ILrare/Kind;)Ljava/util/List;
    return-void
.end method
